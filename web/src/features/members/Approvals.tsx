// What somebody wants done that a second member must approve.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Approval } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { useMe } from '@/session/queries';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { Facts } from '@/ui/Facts';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { type Condition, StateLight } from '@/ui/State';
import { members } from './calls';

const LIGHTS: Record<string, Condition> = { waiting: 'waiting', approved: 'good' };

export function Approvals() {
    const { t } = useTranslation('members');
    const { member } = useMe();
    const rows = useQuery({ queryKey: ['approvals'], queryFn: members.approvals });
    return (
        <>
            <PageHeader title={t('approvals.title')} lead={t('approvals.lead')} />
            <Loaded query={rows} lines={4}>
                {({ items }) => {
                    const mine = items.filter(({ asked_by }) => asked_by.id === member.id);
                    const others = items.filter(({ asked_by }) => asked_by.id !== member.id);
                    const waiting = others.filter(({ state }) => state === 'waiting');
                    const decided = others.filter(({ state }) => state !== 'waiting');
                    return (
                        <div className="stack-wide">
                            <section className="stack" aria-labelledby="waiting">
                                <h2 id="waiting">{t('approvals.waiting')}</h2>
                                {waiting.length === 0 ? (
                                    <EmptyState title={t('approvals.emptyTitle')}>{t('approvals.empty')}</EmptyState>
                                ) : (
                                    waiting.map((row) => <Question key={row.id} approval={row} mayDecide />)
                                )}
                            </section>
                            {mine.length > 0 && (
                                <section className="stack" aria-labelledby="mine">
                                    <h2 id="mine">{t('approvals.mine')}</h2>
                                    {mine.map((row) => (
                                        <Question key={row.id} approval={row} />
                                    ))}
                                </section>
                            )}
                            {decided.length > 0 && (
                                <section className="stack" aria-labelledby="decided">
                                    <h2 id="decided">{t('approvals.decided')}</h2>
                                    {decided.map((row) => (
                                        <Question key={row.id} approval={row} />
                                    ))}
                                </section>
                            )}
                        </div>
                    );
                }}
            </Loaded>
        </>
    );
}

function Question({ approval, mayDecide }: { approval: Approval; mayDecide?: boolean }) {
    const { t } = useTranslation('members');
    const { moment } = useFormat();
    const word = useWord();
    const approve = useAct(() => members.approve(approval.id), {
        renews: ['approvals', 'members'],
        says: t('approvals.approved'),
    });
    const refuse = useAct(() => members.refuse(approval.id), { renews: ['approvals'], says: t('approvals.refused') });
    const error = approve.error ?? refuse.error;
    const about = approval.about?.name;
    const { role, unit, permissions } = approval.summary;
    return (
        <div className="card stack">
            <div className="row between">
                <h3>
                    {word('deed', approval.action)}
                    {about && `: ${about}`}
                </h3>
                <StateLight is={LIGHTS[approval.state] ?? 'off'}>{word('approval', approval.state)}</StateLight>
            </div>
            <Facts
                rows={[
                    [t('approvals.by'), `${approval.asked_by.name}, ${moment(approval.asked_at)}`],
                    [t('role'), role && (word('role', role.word) === role.word ? role.name : word('role', role.word))],
                    [t('where'), unit],
                    [t('role_.gives'), permissions?.map((permission) => word('permission', permission)).join(', ')],
                    [t('approvals.until'), approval.state === 'waiting' && moment(approval.expires_at)],
                ]}
            />
            {error && <ProblemView error={error} />}
            {mayDecide && (
                <div className="row">
                    <Button kind="primary" isPending={approve.isPending} onPress={() => approve.mutate()}>
                        {t('approvals.approve')}
                    </Button>
                    <Button isPending={refuse.isPending} onPress={() => refuse.mutate()}>
                        {t('approvals.refuse')}
                    </Button>
                </div>
            )}
        </div>
    );
}
