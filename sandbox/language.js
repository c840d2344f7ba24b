// The language switch of the sandbox's page: opens the page anew in the chosen language.
const picker = document.querySelector("#language-picker");
picker.addEventListener("change", () => {
  location.assign(`/?language=${picker.value}${location.hash}`);
});
