// What every request to the hub goes through. When the hub wants a fresh second
// factor, the person is asked once and the request is repeated; when the
// session is over, the shell is told.

import { readProblem } from './problem';

export interface Guards {
    /** Asks for a fresh second factor. False when the person declines. */
    stepUp(): Promise<boolean>;
    sessionEnded(): void;
}

type Send = (request: Request) => Promise<Response>;

export function guarded(send: Send, guards: () => Guards): Send {
    // Requests that meet the same wish together share one question.
    let asking: Promise<boolean> | undefined;
    const ask = () => {
        asking ??= guards()
            .stepUp()
            .finally(() => {
                asking = undefined;
            });
        return asking;
    };
    return async (request) => {
        // A body is read once; the copy is for the repetition.
        const again = request.clone();
        const response = await send(request);
        if (response.ok) return response;
        const { word } = await readProblem(response.clone());
        if (word === 'not-logged-in' || word === 'second-factor-needed') guards().sessionEnded();
        return word === 'step-up-needed' && (await ask()) ? send(again) : response;
    };
}
