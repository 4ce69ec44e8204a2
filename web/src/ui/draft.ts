// A short form's values while they are typed: which are missing, and which the
// hub found wrong (a problem's `field`). What the hub refuses for another
// reason stands above the button.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf } from '@/api/problem';

type Texts = Record<string, string>;

export function useDraft<Values extends Texts>(initial: Values, error?: unknown, needed: (keyof Values)[] = []) {
    const { t } = useTranslation(['ui', 'problem']);
    const [values, setValues] = useState(initial);
    const [isTried, setTried] = useState(false);
    const problem = error ? problemOf(error) : undefined;
    const wrong = problem?.field && problem.field in initial ? problem : undefined;
    const isMissing = (name: keyof Values) => needed.includes(name) && String(values[name]).trim() === '';
    const set = <Name extends keyof Values>(name: Name, value: Values[Name]) =>
        setValues((before) => ({ ...before, [name]: value }));
    return {
        values,
        set,
        reset: () => {
            setValues(initial);
            setTried(false);
        },
        /** What a field takes. */
        bind: (name: keyof Values & string) => ({
            name,
            value: values[name] as string,
            onChange: (value: string) => set(name, value as Values[typeof name]),
            error:
                isTried && isMissing(name)
                    ? t('ui:fill')
                    : wrong?.field === name
                      ? t(wrong.word === 'taken' ? 'problem:taken.title' : 'ui:wrongValue')
                      : undefined,
        }),
        /** Whether all that is needed is there; if not, the fields say so. */
        isReady: () => {
            setTried(true);
            return !needed.some(isMissing);
        },
        /** The error, if no field says it already. */
        rest: wrong ? undefined : error,
    };
}

/** Undefined for what was left empty: the contract leaves it out. */
export function given(text: string): string | undefined {
    return text.trim() || undefined;
}
