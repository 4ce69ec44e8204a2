// The sender has taken it back: what we hold of it is to go, and the sender told.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { InboxDetail } from '@/api/exchange';
import { inbox } from '@/exchange/calls';
import { useSay } from '@/exchange/say';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Notice } from '@/ui/Notice';

type What = 'removed' | 'kept';

export function Recall({ item, recall }: { item: InboxDetail; recall: NonNullable<InboxDetail['recall']> }) {
    const { t } = useTranslation(['inbox', 'ui']);
    const say = useSay();
    const word = useWord();
    const [what, setWhat] = useState<What>();
    const [isTried, setTried] = useState(false);
    const { name } = item.sender;
    const done = useAct(({ what, reason }: { what: What; reason: string }) => inbox.recallDone(item.id, what, reason), {
        renews: ['inbox'],
        says: t('inbox:recall.done', { name }),
    });
    const draft = useDraft({ reason: '' }, done.error);
    const lacksReason = what === 'kept' && !draft.values.reason.trim();
    const submit = () => {
        setTried(true);
        if (what && !lacksReason) done.mutate({ what, reason: draft.values.reason.trim() });
    };
    return (
        <section className="card stack" aria-label={t('inbox:recall.title', { name })}>
            <Notice kind="error" title={t('inbox:recall.title', { name })}>
                <p>{t('inbox:recall.why', { why: word('takeBackWhy', recall.why), at: say.at(recall.at) })}</p>
                <p>{t('inbox:recall.body')}</p>
            </Notice>
            <Form
                onSubmit={submit}
                error={draft.rest}
                actions={
                    <Button kind="primary" type="submit" isPending={done.isPending}>
                        {t('inbox:recall.send')}
                    </Button>
                }
            >
                <RadioGroup
                    label={t('inbox:recall.what')}
                    value={what ?? null}
                    onChange={(id) => setWhat(id as What)}
                    error={isTried && !what ? t('inbox:recall.needWhat') : undefined}
                    options={[
                        { id: 'removed', name: t('inbox:recall.removed'), hint: t('inbox:recall.removedHint') },
                        { id: 'kept', name: t('inbox:recall.kept'), hint: t('inbox:recall.keptHint') },
                    ]}
                />
                {what === 'kept' && (
                    <TextField
                        {...draft.bind('reason')}
                        label={t('inbox:recall.reason')}
                        error={isTried && lacksReason ? t('inbox:recall.needReason') : undefined}
                        lines
                    />
                )}
            </Form>
        </section>
    );
}
