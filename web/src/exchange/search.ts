// A search at one's own PACSs. Rows come while it goes; it is kept in memory only,
// so that one finds it again after a look at another page, and not after a reload.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { FoundStudy, SearchLine, SearchProblem, SearchQuery } from '@/api/exchange';
import { askLines } from '@/api/request';
import { useMe } from '@/session/queries';

export interface Search {
    query?: SearchQuery;
    studies: FoundStudy[];
    problems: SearchProblem[];
    isGoing: boolean;
    /** Another page has asked for it; it begins where it is shown. */
    isAskedFor?: boolean;
    /** It came to its end; else it was cut off on the way. */
    isWhole: boolean;
    /** There was more than the hub shows. */
    isCut: boolean;
    error?: unknown;
}

const NOTHING: Search = { studies: [], problems: [], isGoing: false, isWhole: false, isCut: false };
/** Rows are drawn together, so that many do not make the page stutter. */
const DRAW_MS = 80;

/** What the next line makes of it. */
export function heard(before: Search, line: SearchLine): Search {
    if (line.is === 'study') return { ...before, studies: [...before.studies, line.study] };
    if (line.is === 'problem') {
        const { gateway, node, failure } = line;
        return { ...before, problems: [...before.problems, { gateway, node, failure }] };
    }
    return { ...before, isWhole: true, isCut: line.cut };
}

/** What is to be searched for on another page, carried in memory: a patient's number is in no address. */
export function useAskFor(place: string) {
    const client = useQueryClient();
    const { id } = useMe().member;
    return (query: SearchQuery) => client.setQueryData(keyOf(place, id), { ...NOTHING, query, isAskedFor: true });
}

// Another who logs in here does not see it.
const keyOf = (place: string, member: string) => ['search', place, member];

export function useSearch(place: string) {
    const client = useQueryClient();
    const { id } = useMe().member;
    const key = useMemo(() => keyOf(place, id), [place, id]);
    const { data = NOTHING } = useQuery<Search>({
        queryKey: key,
        queryFn: () => NOTHING,
        enabled: false,
        gcTime: Number.POSITIVE_INFINITY,
    });
    const going = useRef<AbortController>(undefined);
    const stop = useCallback(() => going.current?.abort(), []);
    // Nobody looks any longer: the PACS need not search either.
    useEffect(() => stop, [stop]);

    const start = useCallback(
        async (query: SearchQuery) => {
            stop();
            const controller = new AbortController();
            const { signal } = controller;
            going.current = controller;
            let now: Search = { ...NOTHING, query, isGoing: true };
            let timer: ReturnType<typeof setTimeout> | undefined;
            const draw = () => {
                clearTimeout(timer);
                timer = undefined;
                client.setQueryData(key, now);
            };
            draw();
            try {
                for await (const line of askLines<SearchLine>('/api/searches', { body: query, signal })) {
                    now = heard(now, line);
                    timer ??= setTimeout(draw, DRAW_MS);
                    if (signal.aborted) break;
                }
            } catch (error) {
                if (!signal.aborted) now = { ...now, error };
            }
            now = { ...now, isGoing: false };
            clearTimeout(timer);
            // Another search has taken its place.
            if (going.current?.signal === signal) draw();
        },
        [client, key, stop],
    );
    const { isAskedFor, query } = data;
    useEffect(() => {
        if (isAskedFor && query) void start(query);
    }, [isAskedFor, query, start]);
    const clear = useCallback(() => {
        stop();
        going.current = undefined;
        client.setQueryData(key, NOTHING);
    }, [client, key, stop]);
    return { search: data, start, stop, clear };
}
