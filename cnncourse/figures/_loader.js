// Starts the figure in whose fragment this script stands. The still gives way when it has begun.
(async (place) => {
  const part = (name) => place.querySelector(`[data-part="${name}"]`).textContent;
  const live = place.querySelector(".cnncourse-figure-live");
  const id = `cnncourse-figure-style-${place.dataset.figure}`;
  if (!document.getElementById(id)) {
    const style = document.createElement("style");
    style.id = id;
    style.textContent = part("style");
    document.head.append(style);
  }

  // The module's text becomes a module by an address of its own, so file:// serves as well.
  async function start(source) {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      return await import(address);
    } catch (error) {
      if (error instanceof SyntaxError) throw error;
      return await import("data:text/javascript;charset=utf-8," + encodeURIComponent(source));
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  try {
    const data = JSON.parse(part("data"));
    const model = {
      get: (key) => (key === "data" ? data : undefined),
      set() {},
      save_changes() {},
      on() {},
      off() {},
    };
    const module = await start(part("module"));
    live.hidden = false;
    await module.default.render({ model, el: live });
    place.classList.add("is-live");
  } catch (error) {
    live.hidden = true;
    const words = document.createElement("p");
    words.textContent = `The live figure did not start here: ${error.message}`;
    place.append(words);
    console.error(error);
  }
})(document.currentScript.parentElement);
