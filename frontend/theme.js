// Sets the chosen theme before the first paint; "auto" follows the system.
const chosen = localStorage.getItem('adit-theme');
if (chosen === 'light' || chosen === 'dark') {
  document.documentElement.dataset.theme = 'adit-' + chosen;
}
