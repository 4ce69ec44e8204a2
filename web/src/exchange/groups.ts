// Found studies, gathered by patient. What has once been put in its place stays
// there while more comes: a row must not move under the pointer.

import type { FoundStudy, Patient } from '@/api/exchange';

export interface Group {
    patient: Patient;
    studies: FoundStudy[];
}

/** One study, whichever of the nodes it was found at. */
export function studyKey({ patient, study_uid }: FoundStudy): string {
    return `${patient.key} ${study_uid}`;
}

/** The newest first; those in `settled` keep their order, and what is new comes after. */
export function arranged(studies: FoundStudy[], settled: string[] = []): FoundStudy[] {
    const best = new Map<string, FoundStudy>();
    for (const study of studies) {
        const before = best.get(studyKey(study));
        // The same at two nodes is one study: the one that has more of it.
        if (!before || (study.images ?? 0) > (before.images ?? 0)) best.set(studyKey(study), study);
    }
    const kept = settled.flatMap((key) => best.get(key) ?? []);
    const known = new Set(settled);
    const added = [...best.values()].filter((study) => !known.has(studyKey(study)));
    return [...kept, ...added.sort((a, b) => when(b).localeCompare(when(a)))];
}

const when = ({ date, time }: FoundStudy) => `${date} ${time}`;

export function byPatient(studies: FoundStudy[]): Group[] {
    const groups = new Map<string, Group>();
    for (const study of studies) {
        const group = groups.get(study.patient.key);
        if (group) group.studies.push(study);
        else groups.set(study.patient.key, { patient: study.patient, studies: [study] });
    }
    return [...groups.values()];
}

/** All their images, when every count is known. */
export function imagesOf(studies: { images: number | null }[]): number | undefined {
    if (studies.some(({ images }) => images === null)) return undefined;
    return studies.reduce((sum, { images }) => sum + (images ?? 0), 0);
}
