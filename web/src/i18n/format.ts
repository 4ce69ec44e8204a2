// Numbers, days and times as they are written in each language, by the
// clinics' clock: the same moment reads the same on every screen.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Language, LOCALES } from './language';

const ZONE = 'Europe/Stockholm';

export function formatter(language: Language) {
    const locale = LOCALES[language];
    const numbers = new Intl.NumberFormat(locale);
    const days = new Intl.DateTimeFormat(locale, { timeZone: ZONE, day: 'numeric', month: 'long', year: 'numeric' });
    const times = new Intl.DateTimeFormat(locale, { timeZone: ZONE, hour: '2-digit', minute: '2-digit' });
    const moments = new Intl.DateTimeFormat(locale, {
        timeZone: ZONE,
        day: 'numeric',
        month: 'short',
        year: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
    });
    const shortMoments = new Intl.DateTimeFormat(locale, {
        timeZone: ZONE,
        day: 'numeric',
        month: 'short',
        hour: '2-digit',
        minute: '2-digit',
    });
    const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE });
    const spans = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
    return {
        number: (n: number) => numbers.format(n),
        /** 24 November 2026 */
        day: (at: Date | string) => days.format(new Date(at)),
        /** 10:42 */
        time: (at: Date | string) => times.format(new Date(at)),
        /** 24 Nov 2026, 10:42 */
        moment: (at: Date | string) => moments.format(new Date(at)),
        /** As short as it can be told: 10:42 today, 24 Nov, 10:42 this year. */
        at: (at: Date | string, now: Date) => {
            const [day, today] = [calendar.format(new Date(at)), calendar.format(now)];
            if (day === today) return times.format(new Date(at));
            return (day.slice(0, 4) === today.slice(0, 4) ? shortMoments : moments).format(new Date(at));
        },
        /** "5 minutes ago", "yesterday" */
        since: (at: Date | string, now: Date) => {
            const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
            const [size, unit] = span(Math.abs(seconds));
            return spans.format(Math.round(seconds / size), unit);
        },
        /** 1.5 GB; SI units. */
        bytes: (n: number) => {
            const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
            const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(n, 1)) / 3));
            return new Intl.NumberFormat(locale, {
                style: 'unit',
                unit: units[step],
                maximumFractionDigits: step > 1 ? 1 : 0,
            }).format(n / 1000 ** step);
        },
    };
}

export function useFormat() {
    const { i18n } = useTranslation();
    const language = i18n.language as Language;
    return useMemo(() => formatter(language), [language]);
}

function span(seconds: number): [number, Intl.RelativeTimeFormatUnit] {
    if (seconds < 60) return [1, 'second'];
    if (seconds < 3600) return [60, 'minute'];
    if (seconds < 86_400) return [3600, 'hour'];
    return [86_400, 'day'];
}
