// The patient strip of what came over the exchange.

import type { Patient } from '@/api/exchange';
import { PatientStrip, written } from '@/ui/PatientStrip';

const SEXES = { M: 'male', F: 'female', O: 'other', '': undefined } as const;

export function Strip({ patient }: { patient: Patient }) {
    const { name, id, proven, birth_date, sex } = patient;
    return (
        <PatientStrip
            patient={{
                name,
                number: id,
                isProven: proven,
                birthDate: birth_date || undefined,
                sex: SEXES[sex],
            }}
        />
    );
}

/** Name and number in a line of text. */
export function calledPatient({ name, id }: Patient): string {
    return `${name} ${written(id)}`;
}
