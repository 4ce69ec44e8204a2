// To whom, and how? On the same page stands exactly what will be sent; nothing
// else needs to be looked up before one sends it.

import './share.css';
import { useTranslation } from 'react-i18next';
import { useBasket } from '@/exchange/basket';
import { RecipientPicker } from '@/exchange/RecipientPicker';
import { EmptyState } from '@/ui/EmptyState';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { Preview } from './Preview';
import { useSend } from './send';
import { Terms } from './Terms';

export function Share() {
    const { t } = useTranslation('share');
    const { query, draft, change } = useBasket();
    const send = useSend();
    const isEmpty = !draft || draft.studies.length === 0;
    return (
        <>
            <PageHeader title={t('title')} lead={t('lead')} up={{ href: '/find', name: t('up') }} />
            {query.error && !query.data ? (
                <ProblemView error={query.error} onRetry={() => void query.refetch()} />
            ) : !query.data ? (
                <Skeleton lines={8} />
            ) : isEmpty && !send.isGoing ? (
                <EmptyState
                    title={t('emptyTitle')}
                    action={
                        <LinkButton href="/find" kind="primary" icon="search">
                            {t('emptyAction')}
                        </LinkButton>
                    }
                >
                    {t('empty')}
                </EmptyState>
            ) : (
                draft && (
                    <div className="share">
                        <div className="share-form">
                            <section className="card">
                                <RecipientPicker
                                    chosen={draft.recipients}
                                    onChange={(recipients) => change((before) => ({ ...before, recipients }))}
                                    error={send.lacksRecipient ? t('needRecipient') : undefined}
                                />
                            </section>
                            <Terms draft={draft} change={change} />
                        </div>
                        <Preview draft={draft} change={change} send={send} />
                    </div>
                )
            )}
        </>
    );
}
