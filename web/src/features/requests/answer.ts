// On to the search, with whose images and for whom in memory: what is chosen there
// and sent answers the request.

import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ImageRequest } from '@/api/exchange';
import { newDraft, useBasket } from '@/exchange/basket';
import { useAskFor } from '@/exchange/search';
import { toast } from '@/ui/Toast';

export function useAnswer({ id, asker, patient, purpose, priority }: ImageRequest) {
    const { t } = useTranslation('requests');
    const navigate = useNavigate();
    const askFor = useAskFor('find');
    const { draft, change } = useBasket();
    return () => {
        const isSame = draft?.answers?.id === id;
        if (!isSame) {
            change(() => ({
                ...newDraft(),
                recipients: [asker.id],
                purpose,
                priority: priority === 'emergency' ? 'urgent' : priority,
                answers: { id, asker, patient },
            }));
            // What lay in the basket can be had back.
            if (draft && draft.studies.length > 0) toast(t('replaced'), { undo: () => change(() => draft) });
        }
        askFor({ patient_id: patient.id });
        void navigate({ to: '/find' });
    };
}
