// Which language the portal speaks: what the person chose, else the browser's
// wish, else Swedish. Only the language that is spoken is loaded.

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Words } from './sv';

export const LANGUAGES = ['sv', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** For dates, numbers and the words of calendars. */
export const LOCALES: Record<Language, string> = { sv: 'sv-SE', en: 'en-GB' };

const KEPT = 'bildbro-language';

const bundles: Record<Language, () => Promise<{ default: Words }>> = {
    sv: () => import('./sv'),
    en: () => import('./en'),
};

/** Spoken before anything is drawn. */
export async function startLanguage(): Promise<void> {
    const language = chosen(localStorage.getItem(KEPT), navigator.languages);
    await i18next.use(initReactI18next).init({
        lng: language,
        fallbackLng: false,
        partialBundledLanguages: true,
        resources: { [language]: await load(language) },
        interpolation: { escapeValue: false },
        returnEmptyString: false,
    });
    document.documentElement.lang = language;
}

export async function speak(language: Language): Promise<void> {
    if (!i18next.hasResourceBundle(language, 'ui')) {
        for (const [place, words] of Object.entries(await load(language))) {
            i18next.addResourceBundle(language, place, words);
        }
    }
    localStorage.setItem(KEPT, language);
    await i18next.changeLanguage(language);
    document.documentElement.lang = language;
}

export function chosen(kept: string | null, wishes: readonly string[]): Language {
    const known = (tag: string) => LANGUAGES.find((language) => tag.toLowerCase().split('-')[0] === language);
    return (kept ? known(kept) : undefined) ?? wishes.map(known).find(Boolean) ?? 'sv';
}

async function load(language: Language): Promise<Words> {
    return (await bundles[language]()).default;
}
