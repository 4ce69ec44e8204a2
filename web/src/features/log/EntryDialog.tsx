// One entry of the log, whole.

import { useTranslation } from 'react-i18next';
import type { LogEntry } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { Facts } from '@/ui/Facts';
import { patientOf } from './calls';

export function EntryDialog(props: {
    entry?: LogEntry;
    onClose(): void;
    onMember(id: string): void;
    onUnit(id: string): void;
}) {
    const { entry, onClose, onMember, onUnit } = props;
    const { t } = useTranslation('log');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const member = entry?.actor.kind === 'member' ? entry.actor.id : undefined;
    const unit = entry?.unit?.id;
    return (
        <Dialog
            isOpen={Boolean(entry)}
            onClose={onClose}
            title={entry ? word('action', entry.action) : ''}
            wide
            actions={
                <>
                    {member && <Button onPress={() => onMember(member)}>{t('allByMember')}</Button>}
                    {unit && <Button onPress={() => onUnit(unit)}>{t('allAtUnit')}</Button>}
                    <Button onPress={onClose}>{u('close')}</Button>
                </>
            }
        >
            {entry && <EntryFacts entry={entry} />}
        </Dialog>
    );
}

export function EntryFacts({ entry }: { entry: LogEntry }) {
    const { t } = useTranslation('log');
    const { t: u } = useTranslation('ui');
    const { moment, number } = useFormat();
    const word = useWord();
    const { actor } = entry;
    return (
        <Facts
            rows={[
                [t('at'), moment(entry.at)],
                [t('who'), [actor.name ?? word('actor', actor.kind), actor.hsa_id].filter(Boolean).join(', ')],
                [t('roles'), actor.roles.map((role) => word('role', role)).join(', ')],
                [t('unit'), [entry.unit?.name, entry.organisation?.name].filter(Boolean).join(', ')],
                [t('commission'), actor.commission],
                [t('outcome'), word('outcome', entry.outcome)],
                [t('patient'), patientOf(entry)],
                [t('about'), entry.about?.name],
                [t('counterpart'), entry.counterpart?.name],
                [t('purpose'), word('purpose', entry.purpose)],
                [t('legalMode'), word('legalMode', entry.legal_mode)],
                [t('reason'), word('denial', entry.reason)],
                [t('images'), entry.images === null || entry.images === undefined ? '' : number(entry.images)],
                [t('studies'), entry.studies.map((uid) => <code key={uid}>{uid} </code>)],
                [t('share'), entry.share && <code>{entry.share}</code>],
                [t('delivery'), entry.delivery && <code>{entry.delivery}</code>],
                [t('address'), entry.from],
                [t('detail'), entry.detail],
                [u('number'), number(entry.sequence)],
            ]}
        />
    );
}
