// Three things and it goes: who, to whom, why. The newest study is taken unless
// one says otherwise.

import './share.css';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { NewShare } from '@/api/exchange';
import { useBasket } from '@/exchange/basket';
import { exchange } from '@/exchange/calls';
import { arranged, studyKey } from '@/exchange/groups';
import { RecipientPicker } from '@/exchange/RecipientPicker';
import { useSearch } from '@/exchange/search';
import { takenFor } from '@/exchange/typed';
import { Button } from '@/ui/Button';
import { TextField } from '@/ui/Field';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { EmergencyStudies } from './EmergencyStudies';
import { Refused } from './Preview';
import { usualEnd } from './usual';

const EMPTY = { number: '', recipient: '', why: '' };

export function Emergency() {
    const { t } = useTranslation('share');
    const client = useQueryClient();
    const navigate = useNavigate();
    const { kept, change } = useBasket();
    const typed = { ...EMPTY, ...kept?.emergency };
    const set = (some: Partial<typeof EMPTY>) =>
        change((before) => ({ ...before, emergency: { ...EMPTY, ...before.emergency, ...some } }));
    const { search, start } = useSearch('emergency');
    const [picked, setPicked] = useState<Set<string>>();
    const [isTried, setTried] = useState(false);
    const pressed = useRef({ id: '', what: '' });
    const studies = arranged(search.studies);
    const isChosen = (key: string) => (picked ? picked.has(key) : studies[0] && studyKey(studies[0]) === key);
    const chosen = studies.filter((study) => isChosen(studyKey(study)));
    const taken = takenFor(typed.number);
    const isNumber = taken.kind === 'patient_id';
    const look = () => {
        if (!isNumber || search.query?.patient_id === taken.value) return;
        setPicked(undefined);
        void start({ patient_id: taken.value });
    };
    const isLooked = search.query?.patient_id === taken.value;
    const send = useAct(
        () => {
            const body: NewShare = {
                studies: chosen.map(({ found }) => found),
                recipients: [typed.recipient],
                purpose: 'care',
                priority: 'emergency',
                message: typed.why.trim(),
                expires_at: usualEnd(new Date()),
                several_patients: false,
            };
            // Pressed again it is the same share; changed, it is another.
            const what = JSON.stringify(body);
            if (pressed.current.what !== what) pressed.current = { id: crypto.randomUUID(), what };
            return exchange.share(pressed.current.id, body);
        },
        {
            renews: [],
            after: async (share) => {
                client.setQueryData(['shares', 'one', share.id], share);
                void client.invalidateQueries({ queryKey: ['shares', 'list'] });
                await navigate({ to: '/shares/$id', params: { id: share.id } });
                set(EMPTY);
            },
        },
    );
    const lacks = {
        number: !isNumber,
        recipient: !typed.recipient,
        why: !typed.why.trim(),
        studies: !isLooked || chosen.length === 0,
    };
    const press = () => {
        setTried(true);
        look();
        if (Object.values(lacks).some(Boolean) || send.isPending || send.isSuccess) return;
        send.mutate();
    };
    return (
        <>
            <PageHeader title={t('emergency.title')} lead={t('emergency.lead')} up={{ href: '/find', name: t('up') }} />
            <form
                className="card stack-wide prose"
                aria-label={t('emergency.title')}
                noValidate
                onSubmit={(event) => {
                    event.preventDefault();
                    look();
                }}
            >
                <div className="stack">
                    <TextField
                        label={t('emergency.number')}
                        value={typed.number}
                        onChange={(number) => set({ number })}
                        onBlur={look}
                        error={isTried && lacks.number ? t('emergency.numberWrong') : undefined}
                        autoComplete="off"
                        autoFocus
                    />
                    {isNumber && !isLooked && (
                        <div>
                            <Button icon="search" onPress={look}>
                                {t('emergency.find')}
                            </Button>
                        </div>
                    )}
                    {isLooked && (
                        <EmergencyStudies
                            search={search}
                            studies={studies}
                            isChosen={(key) => Boolean(isChosen(key))}
                            onToggle={(key, isIn) => {
                                const next = new Set(chosen.map(studyKey));
                                if (isIn) next.add(key);
                                else next.delete(key);
                                setPicked(next);
                            }}
                            isMissing={isTried && !search.isGoing && studies.length > 0 && chosen.length === 0}
                        />
                    )}
                    {Boolean(search.error) && isLooked && <ProblemView error={search.error} />}
                </div>
                <RecipientPicker
                    single
                    chosen={typed.recipient ? [typed.recipient] : []}
                    onChange={([recipient = '']) => set({ recipient })}
                    error={isTried && lacks.recipient ? t('needRecipient') : undefined}
                />
                <TextField
                    label={t('emergency.why')}
                    hint={t('emergency.whyHint')}
                    value={typed.why}
                    onChange={(why) => set({ why })}
                    error={isTried && lacks.why ? t('emergency.needWhy') : undefined}
                    lines
                />
                {Boolean(send.error) && <Refused error={send.error} />}
                <div className="form-actions">
                    <Button kind="primary" icon="send" isPending={send.isPending || send.isSuccess} onPress={press}>
                        {t('emergency.send')}
                    </Button>
                </div>
            </form>
        </>
    );
}
