// The same studies to somebody else: they are looked up anew at the PACS, since
// what was found when this was sent is good for a day only.

import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { FoundStudy, SearchLine, Share } from '@/api/exchange';
import { askLines } from '@/api/request';
import { newDraft, useBasket } from '@/exchange/basket';
import { arranged } from '@/exchange/groups';
import { Button } from '@/ui/Button';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { toast } from '@/ui/Toast';

async function found({ contents }: Share): Promise<FoundStudy[]> {
    const wanted = new Set(contents.map(({ study_uid }) => study_uid));
    const patients = new Set(contents.map(({ patient }) => patient.id));
    const studies: FoundStudy[] = [];
    for (const patient_id of patients) {
        for await (const line of askLines<SearchLine>('/api/searches', { body: { patient_id } })) {
            if (line.is === 'study' && wanted.has(line.study.study_uid)) studies.push(line.study);
        }
    }
    return arranged(studies);
}

export function SendToAnother({ share }: { share: Share }) {
    const { t } = useTranslation('shares');
    const navigate = useNavigate();
    const { draft, change } = useBasket();
    const another = useAct(() => found(share), {
        renews: [],
        after: async (studies) => {
            if (studies.length < share.contents.length) return;
            const { purpose, message, priority } = share;
            change(() => ({
                ...newDraft(),
                studies,
                purpose,
                message,
                priority: priority === 'emergency' ? 'urgent' : priority,
            }));
            // What lay in the basket can be had back.
            if (draft && draft.studies.length > 0) toast(t('one.replaced'), { undo: () => change(() => draft) });
            await navigate({ to: '/share' });
        },
    });
    const isMissing = another.data && another.data.length < share.contents.length;
    return (
        <>
            <Button isPending={another.isPending} onPress={() => another.mutate()}>
                {t('one.another')}
            </Button>
            {another.error && <ProblemView error={another.error} />}
            {isMissing && (
                <Notice kind="warning" title={t('one.anotherMissing')} isNews>
                    {t('one.anotherMissingHint')}
                </Notice>
            )}
        </>
    );
}
