// Whom do we ask, for whose images, and why?

import './requests.css';
import { parseDate } from '@internationalized/date';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Priority, Purpose, Recipient } from '@/api/exchange';
import { problemOf } from '@/api/problem';
import { requests } from '@/exchange/calls';
import { RecipientPicker } from '@/exchange/RecipientPicker';
import { takenFor } from '@/exchange/typed';
import { useWord } from '@/i18n/word';
import { useMay, useMe } from '@/session/queries';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { DateField, PeriodField } from '@/ui/DateField';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Icon } from '@/ui/icons';
import { PageHeader } from '@/ui/PageHeader';
import { Select } from '@/ui/Select';
import { toast } from '@/ui/Toast';
import { bodyOf, keep, nothing, type Typed, typedBefore } from './typed';

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
const MODALITIES = ['CT', 'MR', 'CR', 'DX', 'US', 'MG', 'NM', 'PT', 'XA', 'RF'];
const ANY = 'any';
const LONGEST_WANTED = 2000;
const LONGEST = 64;

const date = (text: string | null) => (text ? parseDate(text) : null);

export function Ask() {
    const { t } = useTranslation(['requests', 'exchange', 'share']);
    const word = useWord();
    const may = useMay();
    const client = useQueryClient();
    const navigate = useNavigate();
    const { id: member } = useMe().member;
    const [typed, setTyped] = useState<Typed>(() => typedBefore(member) ?? nothing());
    const [isTried, setTried] = useState(false);
    const set = (some: Partial<Typed>) => {
        const next = { ...typed, ...some };
        setTyped(next);
        keep(member, next);
    };
    const nameOf = (holder: string) =>
        client.getQueryData<{ items: Recipient[] }>(['holders'])?.items.find(({ id }) => id === holder)?.name ?? '';
    const send = useAct((typed: Typed) => requests.ask(typed.id, bodyOf(typed)), {
        renews: ['requests', 'holders'],
        after: async (_, { id }) => {
            keep(member, undefined);
            if (may('find')) await navigate({ to: '/requests/$id', params: { id } });
            else {
                setTyped(nothing());
                setTried(false);
            }
        },
        says: (_, { holder }) => t('requests:new.sent', { name: nameOf(holder) }),
    });
    // One who sees the request next does not ask again.
    const isGoing = send.isPending || (send.isSuccess && may('find'));
    const taken = takenFor(typed.number);
    const lacks = {
        holder: !typed.holder,
        number: !typed.number.trim(),
        wanted: !typed.wanted.trim(),
    };
    const submit = () => {
        setTried(true);
        if (Object.values(lacks).some(Boolean) || isGoing) return;
        send.mutate(typed, {
            onError: (error) => {
                if (problemOf(error).word === 'taken') set({ id: crypto.randomUUID() });
            },
        });
    };
    const clear = () => {
        const before = typed;
        setTyped(nothing());
        setTried(false);
        keep(member, undefined);
        toast(t('requests:new.cleared'), { undo: () => set(before) });
    };
    return (
        <>
            <PageHeader
                title={t('requests:new.title')}
                lead={t('requests:new.lead')}
                up={{ href: '/requests', name: t('requests:title') }}
            />
            <div className="ask">
                <Form
                    onSubmit={submit}
                    error={send.error}
                    actions={
                        <>
                            <Button onPress={clear}>{t('requests:new.clear')}</Button>
                            <Button kind="primary" type="submit" icon="send" isPending={isGoing}>
                                {t('requests:new.send')}
                            </Button>
                        </>
                    }
                >
                    <section className="card">
                        <RecipientPicker
                            asked
                            single
                            chosen={typed.holder ? [typed.holder] : []}
                            onChange={([holder = '']) => set({ holder })}
                            error={isTried && lacks.holder ? t('requests:new.needHolder') : undefined}
                        />
                    </section>
                    <section className="card stack" aria-labelledby="whose">
                        <h2 id="whose">{t('requests:new.patient')}</h2>
                        <TextField
                            label={t('requests:new.number')}
                            hint={t('requests:new.numberHint')}
                            value={typed.number}
                            onChange={(number) => set({ number })}
                            error={isTried && lacks.number ? t('requests:new.needNumber') : undefined}
                            maxLength={LONGEST}
                            autoComplete="off"
                            spellCheck="false"
                        />
                        {taken.isDoubtful && (
                            <p className="field-error" role="status">
                                <Icon name="warning" />
                                {t('requests:new.doubtful')}
                            </p>
                        )}
                        <TextField
                            label={t('requests:new.name')}
                            value={typed.name}
                            onChange={(name) => set({ name })}
                            maxLength={LONGEST}
                            autoComplete="off"
                            optional
                        />
                        <DateField
                            label={t('requests:new.birthDate')}
                            value={date(typed.birthDate)}
                            onChange={(day) => set({ birthDate: day?.toString() ?? null })}
                            optional
                        />
                    </section>
                    <section className="card stack" aria-labelledby="which">
                        <h2 id="which">{t('requests:new.which')}</h2>
                        <TextField
                            label={t('requests:new.wanted')}
                            hint={t('requests:new.wantedHint')}
                            value={typed.wanted}
                            onChange={(wanted) => set({ wanted })}
                            error={isTried && lacks.wanted ? t('requests:new.needWanted') : undefined}
                            maxLength={LONGEST_WANTED}
                            lines
                        />
                        <PeriodField
                            label={t('requests:new.period')}
                            value={
                                typed.from && typed.until
                                    ? { start: parseDate(typed.from), end: parseDate(typed.until) }
                                    : null
                            }
                            onChange={(period) =>
                                set({
                                    from: period?.start.toString() ?? null,
                                    until: period?.end.toString() ?? null,
                                })
                            }
                            optional
                        />
                        <Select
                            label={t('requests:new.modality')}
                            value={typed.modality || ANY}
                            onChange={(id) => set({ modality: id === ANY ? '' : String(id) })}
                            options={[
                                { id: ANY, name: t('requests:new.anyModality') },
                                ...MODALITIES.map((id) => ({ id, name: word('modality', id), hint: id })),
                            ]}
                        />
                        <Select
                            label={t('exchange:purpose')}
                            value={typed.purpose}
                            onChange={(id) => set({ purpose: id as Purpose })}
                            options={PURPOSES.map((id) => ({ id, name: word('purpose', id) }))}
                        />
                        <RadioGroup
                            label={t('exchange:priority')}
                            value={typed.priority}
                            onChange={(id) => set({ priority: id as Priority })}
                            options={PRIORITIES.map((id) => ({
                                id,
                                name: t(`share:priority.${id}`),
                                hint: t(`requests:new.priorityHint.${id}`),
                            }))}
                        />
                        <DateField
                            label={t('requests:new.neededBy')}
                            value={date(typed.neededBy)}
                            onChange={(day) => set({ neededBy: day?.toString() ?? null })}
                            optional
                        />
                        <p className="muted small">{t('requests:new.kept')}</p>
                    </section>
                </Form>
            </div>
        </>
    );
}
