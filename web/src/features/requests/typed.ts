// What one has begun to ask for: kept in memory while one is elsewhere, or logs in
// again after the session ended, and for nobody else. A patient's number is kept
// nowhere that outlives the tab.

import type { NewImageRequest, Priority, Purpose } from '@/api/exchange';
import { takenFor } from '@/exchange/typed';

export interface Typed {
    /** The request's, made once: sent twice it is one. */
    id: string;
    holder: string;
    number: string;
    name: string;
    birthDate: string | null;
    wanted: string;
    from: string | null;
    until: string | null;
    modality: string;
    purpose: Purpose;
    priority: Priority;
    neededBy: string | null;
}

export function nothing(): Typed {
    return {
        id: crypto.randomUUID(),
        holder: '',
        number: '',
        name: '',
        birthDate: null,
        wanted: '',
        from: null,
        until: null,
        modality: '',
        purpose: 'care',
        priority: 'ordinary',
        neededBy: null,
    };
}

let kept: { member: string; typed: Typed } | undefined;

export const typedBefore = (member: string) => (kept?.member === member ? kept.typed : undefined);

export function keep(member: string, typed: Typed | undefined) {
    kept = typed && { member, typed };
}

export function bodyOf(typed: Typed): NewImageRequest {
    const taken = takenFor(typed.number);
    return {
        holder: typed.holder,
        patient_id: taken.kind === 'patient_id' ? taken.value : typed.number.trim(),
        patient_name: typed.name.trim(),
        patient_birth_date: typed.birthDate ?? '',
        wanted: typed.wanted.trim(),
        from: typed.from,
        until: typed.until,
        modality: typed.modality,
        purpose: typed.purpose,
        priority: typed.priority,
        needed_by: typed.neededBy,
    };
}
