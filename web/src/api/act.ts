// A deed: it is sent, what it changed is asked anew, and the page says that it
// is done. While it is sent, the button waits; what goes wrong stays in `error`.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from '@/ui/Toast';

interface Done<In, Out> {
    /** First words of the query keys that are old after it. */
    renews: string[];
    /** What is said in a toast; nothing when the page shows it itself. */
    says?: string | ((out: Out, input: In) => string | undefined);
    after?(out: Out, input: In): unknown;
}

export function useAct<In = void, Out = unknown>(act: (input: In) => Promise<Out>, done: Done<In, Out>) {
    const client = useQueryClient();
    return useMutation({
        mutationFn: act,
        onSuccess: async (out, input) => {
            await Promise.all(done.renews.map((key) => client.invalidateQueries({ queryKey: [key] })));
            const words = typeof done.says === 'function' ? done.says(out, input) : done.says;
            if (words) toast(words);
            await done.after?.(out, input);
        },
    });
}
