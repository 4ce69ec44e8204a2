// Sending, once: what is pressed twice, or sent again after a broken answer, is
// the same share by its id.

import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { NewShare, Share } from '@/api/exchange';
import { type Draft, useBasket } from '@/exchange/basket';
import { exchange } from '@/exchange/calls';
import { toast } from '@/ui/Toast';
import { usualEnd } from './usual';

export function bodyOf(draft: Draft, now = new Date()): NewShare {
    const { studies, recipients, purpose, priority, message, several } = draft;
    return {
        studies: studies.map(({ found }) => found),
        recipients,
        purpose,
        priority,
        message: message.trim(),
        expires_at: draft.expires_at === undefined ? usualEnd(now) : draft.expires_at,
        several_patients: several,
        answers: draft.answers?.id ?? null,
    };
}

/** What the hub has under this id may be of an earlier press, before something was changed. */
export function isSame(draft: Draft, share: Share): boolean {
    const ids = (all: string[]) => [...new Set(all)].sort().join(' ');
    return (
        ids(draft.recipients) === ids(share.recipients.map(({ id }) => id)) &&
        ids(draft.studies.map(({ study_uid }) => study_uid)) === ids(share.contents.map(({ study_uid }) => study_uid))
    );
}

export function patientsIn(draft: Draft) {
    return [...new Map(draft.studies.map(({ patient }) => [patient.key, patient])).values()];
}

export function useSend() {
    const { t } = useTranslation('share');
    const client = useQueryClient();
    const navigate = useNavigate();
    const { draft, change } = useBasket();
    const [isTried, setTried] = useState(false);
    const isPressed = useRef(false);
    const act = useAct((draft: Draft) => exchange.share(draft.id, bodyOf(draft)), {
        renews: [],
        after: async (share, draft) => {
            client.setQueryData(['shares', 'one', share.id], share);
            void client.invalidateQueries({ queryKey: ['shares', 'list'] });
            if (draft.answers) void client.invalidateQueries({ queryKey: ['requests'] });
            await navigate({ to: '/shares/$id', params: { id: share.id } });
            if (isSame(draft, share)) change((before) => ({ ...before, isSent: true }));
            else {
                change((before) => ({ ...before, id: crypto.randomUUID() }));
                toast(t('wasSent'));
            }
        },
    });
    const lacking = {
        recipient: draft?.recipients.length === 0,
        asker: draft?.answers !== undefined && !draft.recipients.includes(draft.answers.asker.id),
        several: draft !== undefined && patientsIn(draft).length > 1 && !draft.several,
    };
    return {
        error: act.error,
        isGoing: act.isPending || act.isSuccess,
        lacksRecipient: isTried && lacking.recipient,
        lacksAsker: isTried && !lacking.recipient && lacking.asker,
        lacksSeveral: isTried && lacking.several,
        press: () => {
            setTried(true);
            if (!draft || lacking.recipient || lacking.asker || lacking.several || isPressed.current) return;
            isPressed.current = true;
            act.mutate(draft, {
                onError: () => {
                    isPressed.current = false;
                },
            });
        },
    };
}

export type Send = ReturnType<typeof useSend>;
