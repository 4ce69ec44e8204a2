// Server state on a page: bones while it comes, what went wrong, or the thing.

import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemView } from './ProblemView';
import { Skeleton } from './Skeleton';

export function Loaded<T>(props: { query: UseQueryResult<T>; lines?: number; children(data: T): ReactNode }) {
    const { query, lines, children } = props;
    if (query.data !== undefined) return <>{children(query.data)}</>;
    if (query.error) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
    return <Skeleton lines={lines} />;
}
