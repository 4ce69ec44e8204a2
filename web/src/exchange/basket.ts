// What is about to be shared: the chosen studies and the form around them. Kept
// at the hub while it is put together, so that a reload, a lost session or a
// computer that fails loses nothing, and no patient lies in the browser's storage.

import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { FoundStudy, Named, Patient, Priority, Purpose } from '@/api/exchange';
import { useMay, useMe } from '@/session/queries';
import { exchange } from './calls';
import { studyKey } from './groups';
import { keeper } from './keeper';

export interface Draft {
    /** The share's, made once: sent twice it is one share. */
    id: string;
    studies: FoundStudy[];
    recipients: string[];
    purpose: Purpose;
    priority: Priority;
    message: string;
    /** Null: for as long as it lies there. Nothing: the usual. */
    expires_at?: string | null;
    /** The person has seen that there are several patients, and wants it. */
    several: boolean;
    /** It has gone, and may still be taken back: then this is what comes back. */
    isSent?: boolean;
    /** The request that it answers: of this patient, to whoever asked. */
    answers?: { id: string; asker: Named; patient: Patient };
    /** What is typed on the page for emergencies. */
    emergency?: { number: string; recipient: string; why: string };
}

export const MOST_STUDIES = 50;

export function newDraft(): Draft {
    return {
        id: crypto.randomUUID(),
        studies: [],
        recipients: [],
        purpose: 'care',
        priority: 'ordinary',
        message: '',
        several: false,
    };
}

/** What the hub kept may be of an older page: what is missing gets its usual value. */
export function read(kept: unknown): Draft {
    const isDraft = typeof kept === 'object' && kept !== null && Array.isArray((kept as Draft).studies);
    return isDraft ? { ...newDraft(), ...(kept as Partial<Draft>) } : newDraft();
}

/** The same studies as they were found last: a new search makes an old choice good for another day. */
export function renewed(draft: Draft, found: FoundStudy[]): Draft {
    const newest = new Map(found.map((study) => [studyKey(study), study]));
    const studies = draft.studies.map((study) => newest.get(studyKey(study)) ?? study);
    return studies.some((study, at) => study.found !== draft.studies[at]?.found) ? { ...draft, studies } : draft;
}

/** Where a study goes in, or out. What was sent already is left behind. */
export function toggled(draft: Draft, studies: FoundStudy[], isIn: boolean): Draft {
    const before = draft.isSent ? { ...newDraft(), emergency: draft.emergency } : draft;
    const meant = new Set(studies.map(studyKey));
    const rest = before.studies.filter((study) => !meant.has(studyKey(study)));
    const chosen = isIn ? [...rest, ...studies].slice(0, MOST_STUDIES) : rest;
    return { ...before, studies: chosen, several: before.several && patients(chosen) <= patients(before.studies) };
}

const patients = (studies: FoundStudy[]) => new Set(studies.map(({ patient }) => patient.key)).size;

const basketQuery = (member: string) =>
    queryOptions({
        // Another who logs in here does not see it.
        queryKey: ['draft', member],
        // What could not be kept goes before what was: the session ended while it was typed.
        queryFn: async () => keeper.unkept(member) ?? read((await exchange.draft()).draft),
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
    });

export function useBasket() {
    const client = useQueryClient();
    const { id } = useMe().member;
    const may = useMay()('share');
    const query = useQuery({ ...basketQuery(id), enabled: may });
    const kept = query.data;
    const change = useCallback(
        (make: (before: Draft) => Draft) => {
            const act = () => {
                const before = client.getQueryData<Draft>(['draft', id]) ?? newDraft();
                const next = make(before);
                if (next === before) return;
                client.setQueryData(['draft', id], next);
                keeper.keep(id, next);
            };
            // What the hub has kept must be here first, or it would be written over.
            if (client.getQueryData(['draft', id])) act();
            else void client.ensureQueryData(basketQuery(id)).then(act, act);
        },
        [client, id],
    );
    const drop = useCallback(() => {
        client.setQueryData(['draft', id], newDraft());
        void keeper.drop();
    }, [client, id]);
    /** What is sent is not in the basket any more. */
    const draft = kept?.isSent ? undefined : kept;
    return { query, kept, draft, sent: kept?.isSent ? kept : undefined, change, drop, may };
}
