// How the search goes, which part of it went wrong, and what there is to see
// when nothing has been found.

import { useTranslation } from 'react-i18next';
import type { SearchProblem } from '@/api/exchange';
import type { Search } from '@/exchange/search';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { Notice } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';

export function Progress({ search, patients }: { search: Search; patients: number }) {
    const { t } = useTranslation('find');
    const { number } = useFormat();
    const count = search.studies.length;
    const counted = (of: number) => ({ count: of, n: number(of) });
    const words = () => {
        if (search.isGoing) return count === 0 ? t('looking') : t('going', counted(count));
        const found = t('found', counted(count));
        return patients > 1 ? `${found} ${t('ofPatients', counted(patients))}` : found;
    };
    return (
        <p role="status" className={search.isGoing ? 'searching' : undefined}>
            {(search.isGoing || count > 0) && words()}
        </p>
    );
}

const KNOWN = ['gateway_silent', 'node_refused'] as const;

export function Troubles({ search, onAgain }: { search: Search; onAgain(): void }) {
    const { t } = useTranslation('find');
    const word = useWord();
    const { problems, isGoing, isWhole, isCut, error, query } = search;
    const where = ({ gateway, node }: SearchProblem) => (node ? t('whereNode', { node, gateway }) : gateway);
    const isBroken = Boolean(query) && !isGoing && !isWhole && !error;
    return (
        <>
            {problems.map((problem) => (
                <Notice
                    key={`${problem.gateway} ${problem.node}`}
                    kind="warning"
                    title={t('problem', { where: where(problem), what: word('failure', problem.failure) })}
                    isNews
                >
                    <p>{t(`remedy.${KNOWN.find((known) => known === problem.failure) ?? 'other'}`)}</p>
                </Notice>
            ))}
            {isBroken && (
                <Notice
                    kind="warning"
                    title={t('broken')}
                    isNews
                    actions={<Button onPress={onAgain}>{t('again')}</Button>}
                >
                    <p>{t('brokenHint')}</p>
                </Notice>
            )}
            {isCut && <Notice title={t('cut')} isNews />}
        </>
    );
}

export function NothingYet({ search }: { search: Search }) {
    const { t } = useTranslation('find');
    if (search.studies.length > 0) return null;
    if (!search.query) return <EmptyState title={t('emptyTitle')}>{t('empty')}</EmptyState>;
    if (search.isGoing) {
        return (
            <div className="card">
                <Skeleton lines={5} />
            </div>
        );
    }
    if (!search.isWhole || search.error) return null;
    return <EmptyState title={t('nothingTitle')}>{t('nothing')}</EmptyState>;
}
