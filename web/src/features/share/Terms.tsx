// Why, how soon, for how long, and a word to the receiver. All of it has a usual
// value: one who is in a hurry passes it by.

import { parseDate } from '@internationalized/date';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Priority, Purpose } from '@/api/exchange';
import type { Draft } from '@/exchange/basket';
import { useWord } from '@/i18n/word';
import { RadioGroup } from '@/ui/Choice';
import { DateField } from '@/ui/DateField';
import { TextField } from '@/ui/Field';
import { Link } from '@/ui/Link';
import { Select } from '@/ui/Select';
import { usualEnd } from './usual';

const PURPOSES: Purpose[] = [
    'care',
    'second_opinion',
    'before_surgery',
    'conference',
    'patient_request',
    'insurance',
    'other',
];
const PRIORITIES = ['ordinary', 'urgent'] as const;
const LONGEST_MESSAGE = 2000;

export function Terms({ draft, change }: { draft: Draft; change(make: (before: Draft) => Draft): void }) {
    const { t } = useTranslation(['share', 'exchange']);
    const word = useWord();
    // Typed here first: what one sees must not wait for what is kept.
    const [message, setMessage] = useState(draft.message);
    const set = (some: Partial<Draft>) => change((before) => ({ ...before, ...some }));
    const expires = draft.expires_at === undefined ? usualEnd(new Date()) : draft.expires_at;
    return (
        <section className="card stack" aria-labelledby="how">
            <h2 id="how">{t('share:how')}</h2>
            <Select
                label={t('exchange:purpose')}
                value={draft.purpose}
                onChange={(id) => set({ purpose: id as Purpose })}
                options={PURPOSES.map((id) => ({ id, name: word('purpose', id) }))}
            />
            <RadioGroup
                label={t('exchange:priority')}
                value={draft.priority}
                onChange={(id) => set({ priority: id as Priority })}
                options={PRIORITIES.map((id) => ({
                    id,
                    name: t(`share:priority.${id}`),
                    hint: t(`share:priorityHint.${id}`),
                }))}
            />
            <p className="small">
                <Link href="/emergency">{t('share:emergencyHint')}</Link>
            </p>
            <DateField
                label={t('share:expires')}
                hint={t('share:expiresHint')}
                value={expires ? parseDate(expires) : null}
                onChange={(day) => set({ expires_at: day?.toString() ?? null })}
            />
            <TextField
                label={t('exchange:message')}
                hint={t('share:messageHint')}
                value={message}
                onChange={(typed) => {
                    setMessage(typed);
                    set({ message: typed });
                }}
                maxLength={LONGEST_MESSAGE}
                lines
                optional
            />
            <p className="muted small">{t('share:kept')}</p>
        </section>
    );
}
