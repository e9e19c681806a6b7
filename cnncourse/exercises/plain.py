"""Values as plain data and as short text, for those who hand them from process to process."""

from cnncourse.exercises._show import Unreadable, show
from cnncourse.exercises._values import plain

__all__ = ["Unreadable", "plain", "show"]
