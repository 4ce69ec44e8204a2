// Who is to have it: found by typing, or picked among favourites and those it
// went to lately. Whoever does not take anything from us is shown, with why.

import './exchange.css';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ToggleButton } from 'react-aria-components/ToggleButton';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Recipient } from '@/api/exchange';
import { useWord } from '@/i18n/word';
import { IconButton } from '@/ui/Button';
import { Icon } from '@/ui/icons';
import { ProblemView } from '@/ui/ProblemView';
import { ComboBox } from '@/ui/Select';
import { Skeleton } from '@/ui/Skeleton';
import { exchange, requests } from './calls';
import { nearest, ordered } from './recipients';

type Recipients = Awaited<ReturnType<typeof exchange.recipients>>;

export function useRecipients(enabled = true) {
    return useQuery({ queryKey: ['recipients'], queryFn: exchange.recipients, staleTime: 60_000, enabled });
}

/** Whom one can ask for images, and whether we take what they send. */
function useHolders(enabled: boolean) {
    return useQuery({ queryKey: ['holders'], queryFn: requests.holders, staleTime: 60_000, enabled });
}

interface Props {
    /** To be asked for images, instead of being sent them. */
    asked?: boolean;
    chosen: string[];
    onChange(chosen: string[]): void;
    error?: string;
    single?: boolean;
}

export function RecipientPicker({ asked = false, chosen, onChange, error, single }: Props) {
    const { t } = useTranslation('exchange');
    const word = useWord();
    const sentTo = useRecipients(!asked);
    const holders = useHolders(asked);
    const recipients = asked ? holders : sentTo;
    const [typed, setTyped] = useState('');
    // For a moment, so that the list closes: what is picked goes among the chosen, not into the field.
    const [picked, setPicked] = useState<string | null>(null);
    useEffect(() => {
        if (picked !== null) setPicked(null);
    }, [picked]);
    if (recipients.error) return <ProblemView error={recipients.error} onRetry={() => void recipients.refetch()} />;
    if (!recipients.data) return <Skeleton lines={2} />;
    const all = ordered(recipients.data.items);
    const toggle = (id: string, isIn: boolean) => {
        const rest = chosen.filter((one) => one !== id);
        onChange(isIn ? [...(single ? [] : rest), id] : rest);
    };
    const why = ({ takes, kind, in_care }: Recipient) => {
        if (takes === 'closed') return t(asked ? 'holder.closed' : 'recipient.closed');
        if (asked) return word('kind', kind);
        const notes = [word('kind', kind), takes === 'hold' && t('recipient.hold'), !in_care && t('recipient.outside')];
        return notes.filter(Boolean).join(' · ');
    };
    const near = nearest(all, chosen);
    const isTaken = (id: string) => chosen.includes(id);
    const found = all.filter(
        ({ id, name }) => !isTaken(id) && name.toLocaleLowerCase('sv').includes(typed.trim().toLocaleLowerCase('sv')),
    );
    return (
        <div className="stack recipients">
            <ComboBox
                label={t(asked ? 'holder.title' : single ? 'recipient.one' : 'recipient.title')}
                placeholder={t(asked ? 'holder.find' : 'recipient.find')}
                error={error}
                isSearched
                inputValue={typed}
                onInputChange={setTyped}
                selectedKey={picked}
                onSelectionChange={(id) => {
                    if (id !== null) {
                        setPicked(String(id));
                        toggle(String(id), true);
                    }
                    setTyped('');
                }}
                options={found.map((one) => ({
                    id: one.id,
                    name: one.name,
                    hint: why(one),
                    isDisabled: one.takes === 'closed',
                }))}
            />
            {near.length > 0 && (
                <ul className="near" aria-label={t(asked ? 'holder.near' : 'recipient.near')}>
                    {near.map((one) => (
                        <li key={one.id} className="near-one">
                            <ToggleButton
                                className="pick"
                                isSelected={isTaken(one.id)}
                                isDisabled={one.takes === 'closed'}
                                onChange={(isIn) => toggle(one.id, isIn)}
                            >
                                <Icon name={isTaken(one.id) ? 'check' : 'plus'} />
                                <span>
                                    {one.name}
                                    {(one.takes === 'closed' || (!asked && (one.takes !== 'open' || !one.in_care))) && (
                                        <span className="hint">{why(one)}</span>
                                    )}
                                </span>
                            </ToggleButton>
                            {!asked && <Star recipient={one} />}
                        </li>
                    ))}
                </ul>
            )}
        </div>
    );
}

function Star({ recipient: { id, name, favourite } }: { recipient: Recipient }) {
    const { t } = useTranslation('exchange');
    const client = useQueryClient();
    const favour = useAct(exchange.favour, { renews: ['recipients'] });
    const press = () => {
        // At once; what the hub says then stands.
        client.setQueryData<Recipients>(['recipients'], (before) => ({
            items: (before?.items ?? []).map((one) => (one.id === id ? { ...one, favourite: !favourite } : one)),
        }));
        favour.mutate({ id, favourite: !favourite });
    };
    return (
        <IconButton
            icon={favourite ? 'starred' : 'star'}
            label={t(favourite ? 'recipient.unfavour' : 'recipient.favour', { name })}
            onPress={press}
        />
    );
}

/** The chosen ones by name, each to be taken away. */
export function Chosen({ ids, onRemove }: { ids: string[]; onRemove?(id: string): void }) {
    const { t } = useTranslation('exchange');
    const recipients = useRecipients();
    const name = (id: string) => recipients.data?.items.find((one) => one.id === id)?.name ?? '…';
    return (
        <ul className="row chosen-ones">
            {ids.map((id) => (
                <li key={id} className="chip">
                    {name(id)}
                    {onRemove && (
                        <IconButton
                            icon="close"
                            label={t('recipient.remove', { name: name(id) })}
                            onPress={() => onRemove(id)}
                        />
                    )}
                </li>
            ))}
        </ul>
    );
}
