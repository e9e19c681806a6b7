from cnncourse import budget

import pytest


@pytest.mark.parametrize(("value", "epochs"), [("full", 10), ("quick", 2), ("", 10), (None, 10)])
def test_budget_chooses(monkeypatch, value, epochs):
    monkeypatch.delenv("CNNCOURSE_BUDGET", raising=False)
    if value is not None:
        monkeypatch.setenv("CNNCOURSE_BUDGET", value)
    assert budget.choose(full=10, quick=2) == epochs


@pytest.mark.parametrize("value", ["Full", "fast", "0"])
def test_a_wrong_budget_names_the_right_ones(monkeypatch, value):
    monkeypatch.setenv("CNNCOURSE_BUDGET", value)
    with pytest.raises(ValueError, match=rf"CNNCOURSE_BUDGET is '{value}'.*full, quick"):
        budget.choose(full=10, quick=2)
