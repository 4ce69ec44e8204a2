// Light for offices, dark for reading rooms: as the person chose, else as the computer has it.

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = 'bildbro-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
    const kept = localStorage.getItem(KEPT);
    return THEMES.find((known) => known === kept) ?? 'system';
}

export function setTheme(next: Theme) {
    localStorage.setItem(KEPT, next);
    apply();
}

/** Before anything is drawn, and whenever the computer changes its mind. */
export function startTheme() {
    apply();
    dark.addEventListener('change', apply);
}

function apply() {
    const chosen = theme();
    const isDark = chosen === 'dark' || (chosen === 'system' && dark.matches);
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}
