// Found studies in their places. From the first time that the person touches a
// row nothing moves any more: what comes later is put below.

import { useCallback, useMemo, useRef } from 'react';
import type { SearchQuery } from '@/api/exchange';
import { arranged, byPatient, studyKey } from '@/exchange/groups';
import type { Search } from '@/exchange/search';

export function useArranged(search: Search) {
    const settled = useRef<{ query?: SearchQuery; keys: string[] }>({ keys: [] });
    // Another search begins anew.
    if (settled.current.query !== search.query) settled.current = { query: search.query, keys: [] };
    const isSettled = settled.current.keys.length > 0;
    const groups = useMemo(() => byPatient(arranged(search.studies, settled.current.keys)), [search.studies]);
    // What is drawn is where the next ones must not push.
    const drawn = groups.flatMap(({ studies }) => studies.map(studyKey));
    if (isSettled) settled.current.keys = drawn;
    const latest = useRef(drawn);
    latest.current = drawn;
    const settle = useCallback(() => {
        if (settled.current.keys.length === 0) settled.current.keys = latest.current;
    }, []);
    return { groups, settle };
}
