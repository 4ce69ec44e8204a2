// Three things and it goes: who, to whom, why. The newest study is taken unless
// one says otherwise.

import './share.css';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBasket } from '@/exchange/basket';
import { CallThem } from '@/exchange/CallThem';
import { arranged, studyKey } from '@/exchange/groups';
import { RecipientPicker, useRecipients } from '@/exchange/RecipientPicker';
import { useSearch } from '@/exchange/search';
import { takenFor } from '@/exchange/typed';
import { Button } from '@/ui/Button';
import { TextField } from '@/ui/Field';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { EmergencyStudies } from './EmergencyStudies';
import { Refused } from './Preview';
import { useSendNow } from './sendNow';

const EMPTY = { number: '', recipient: '', why: '' };

export function Emergency() {
    const { t } = useTranslation('share');
    const { kept, query } = useBasket();
    return (
        <>
            <PageHeader title={t('emergency.title')} lead={t('emergency.lead')} up={{ href: '/find', name: t('up') }} />
            {/* That a draft cannot be fetched holds nobody up here. */}
            {query.isPending ? <Skeleton lines={6} /> : <Fields typedBefore={kept?.emergency} />}
        </>
    );
}

function Fields({ typedBefore }: { typedBefore?: Partial<typeof EMPTY> }) {
    const { t } = useTranslation('share');
    const { change } = useBasket();
    const [typed, setTyped] = useState({ ...EMPTY, ...typedBefore });
    const set = (some: Partial<typeof EMPTY>) => {
        setTyped((before) => ({ ...before, ...some }));
        change((before) => ({ ...before, emergency: { ...EMPTY, ...before.emergency, ...some } }));
    };
    const { search, start } = useSearch('emergency');
    const [picked, setPicked] = useState<Set<string>>();
    const [isTried, setTried] = useState(false);
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
    const recipients = useRecipients();
    const to = recipients.data?.items.find(({ id }) => id === typed.recipient);
    const send = useSendNow(() => set(EMPTY));
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
        send.mutate({ studies: chosen, recipient: typed.recipient, why: typed.why });
    };
    return (
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
                        <Button type="submit" icon="search">
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
            {to && !to.on_call && <CallThem name={to.name} isNews />}
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
    );
}
