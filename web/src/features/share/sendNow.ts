// Sending in an emergency: nothing is kept, nothing is asked again.

import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { useAct } from '@/api/act';
import type { FoundStudy, NewShare } from '@/api/exchange';
import { exchange } from '@/exchange/calls';
import { usualEnd } from './usual';

export interface Urgent {
    studies: FoundStudy[];
    recipient: string;
    why: string;
}

export function useSendNow(onSent: () => void) {
    const client = useQueryClient();
    const navigate = useNavigate();
    const pressed = useRef({ id: '', what: '' });
    return useAct(
        ({ studies, recipient, why }: Urgent) => {
            const body: NewShare = {
                studies: studies.map(({ found }) => found),
                recipients: [recipient],
                purpose: 'care',
                priority: 'emergency',
                message: why.trim(),
                expires_at: usualEnd(new Date()),
                several_patients: false,
            };
            // Pressed again it is the same share; changed, it is another.
            const what = JSON.stringify(body);
            if (pressed.current.what !== what) pressed.current = { id: crypto.randomUUID(), what };
            return exchange.share(pressed.current.id, body);
        },
        {
            renews: [],
            after: async (share) => {
                client.setQueryData(['shares', 'one', share.id], share);
                void client.invalidateQueries({ queryKey: ['shares', 'list'] });
                await navigate({ to: '/shares/$id', params: { id: share.id } });
                onSent();
            },
        },
    );
}
