// What a text in the search field is taken for, by its form. The person sees it
// and may choose another.

import type { SearchQuery } from '@/api/exchange';

export const KINDS = ['patient_id', 'name', 'accession'] as const;
export type Kind = (typeof KINDS)[number];

export interface Taken {
    kind: Kind;
    /** As it is asked for: a personnummer in twelve digits. */
    value: string;
    /** A personnummer whose last digit does not fit: likely a slip of the finger. */
    isDoubtful: boolean;
}

/** Whether it says anything to look for: stars alone would be everything there is. */
export function isSaying(text: string): boolean {
    return /[\p{L}\d]/u.test(text);
}

export function takenFor(text: string, now = new Date()): Taken {
    const plain = text.trim().replace(/\s+/g, ' ');
    const number = personnummer(plain, now);
    if (number) return { kind: 'patient_id', ...number };
    const kind = /\d/.test(plain) ? 'accession' : 'name';
    return { kind, value: plain, isDoubtful: false };
}

/** The same text, when the person says what it is. */
export function takenAs(kind: Kind, text: string, now = new Date()): Taken {
    const taken = takenFor(text, now);
    return taken.kind === kind ? taken : { kind, value: text.trim(), isDoubtful: false };
}

export function asked({ kind, value }: Taken): SearchQuery {
    return { [kind]: value };
}

function personnummer(text: string, now: Date): { value: string; isDoubtful: boolean } | undefined {
    const [, century = '', six = '', sign = '', four = ''] =
        text.replace(/ /g, '').match(/^(18|19|20)?(\d{6})([-+]?)(\d{4})$/) ?? [];
    if (!six) return undefined;
    const value = `${century || centuryOf(six, sign === '+', now)}${six}${four}`;
    if (!isDay(value)) return undefined;
    const isSound = luhn(six + four);
    // Ten digits in a row may as well be another number: then the last digit must fit.
    if (!isSound && !century && !sign) return undefined;
    return { value, isDoubtful: !isSound };
}

/** The latest century in which the day has been; a plus means one before that. */
function centuryOf(six: string, isPlus: boolean, now: Date): number {
    const year = now.getFullYear();
    const this100 = Math.floor(year / 100);
    const isAhead = Number(six.slice(0, 2)) > year % 100;
    return this100 - (isAhead ? 1 : 0) - (isPlus ? 1 : 0);
}

/** A coordination number has 60 added to its day. */
function isDay(digits: string): boolean {
    const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].map(Number);
    const date = (day ?? 0) > 60 ? (day ?? 0) - 60 : (day ?? 0);
    const at = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, date));
    return at.getUTCMonth() + 1 === month && at.getUTCDate() === date;
}

function luhn(ten: string): boolean {
    const sum = [...ten].reduce((before, digit, at) => {
        const twice = Number(digit) * (at % 2 === 0 ? 2 : 1);
        return before + (twice > 9 ? twice - 9 : twice);
    }, 0);
    return sum % 10 === 0;
}
