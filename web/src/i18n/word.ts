// The hub's words (permissions, roles, actions) as people say them. A word that
// the portal does not know yet is shown as it stands.

import { useTranslation } from 'react-i18next';
import type { Words } from './sv';

export function useWord() {
    const { t, i18n } = useTranslation('word');
    const lookUp = t as unknown as (key: string) => string;
    return (group: keyof Words['word'], word: string | null | undefined): string => {
        if (!word) return '';
        const key = `${group}.${word}`;
        return i18n.exists(key, { ns: 'word' }) ? lookUp(key) : word;
    };
}
