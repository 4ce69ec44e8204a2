// The played hub's patients and what its PACSs have of them. All are made up or
// the official test numbers.

import type { FoundStudy, Patient } from '@/api/exchange';

const person = (id: string, name: string, sex: Patient['sex'], proven = true): Patient => ({
    key: `p-${id}`,
    id,
    name,
    birth_date: /^\d{12}$/.test(id) ? `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}` : '',
    sex,
    proven,
});

export const tolvan = person('191212121212', 'Tolvansson, Tolvan', 'M');
export const agda = person('198112189876', 'Andersson, Agda', 'F');
export const alva = person('201701102384', 'Andersson, Alva', 'F');
export const long = person(
    '189001019802',
    'von Oldenburg-Södermalmsstrand Åkerhielm, Maria Magdalena Fredrika Wilhelmina',
    'F',
);
export const unknown = { ...person('RES-2026-118', 'Okänd, Kvinna', 'F', false), birth_date: '1960-01-01' };

let serial = 0;
function study(
    patient: Patient,
    [date, time, modality, description, images]: [string, string, string, string, number | null],
    more: Partial<FoundStudy> = {},
): FoundStudy {
    serial += 1;
    const uid = `1.2.752.24.7.621449243.${1000 + serial}`;
    return {
        found: `sealed-${uid}`,
        gateway: 'Lund 1',
        node: 'PACS Lund',
        patient,
        study_uid: uid,
        accession: `SE2026${100_000 + serial}`,
        date,
        time,
        modalities: [modality],
        description,
        institution: 'Röntgen Lund',
        images,
        series: images === null ? null : Math.max(1, Math.round(images / 90)),
        held: 0,
        ...more,
    };
}

export const studies: FoundStudy[] = [
    study(tolvan, ['2026-11-20', '14:32', 'CT', 'CT hjärna', 312]),
    study(tolvan, ['2026-03-02', '09:05', 'MR', 'MR hjärna med kontrast', 486], { held: 486 }),
    study(tolvan, ['2024-10-11', '11:47', 'DX', 'Lungor, frontal och sida', 2]),
    study(tolvan, ['2021-05-30', '08:15', 'CT', 'CT thorax och buk', null], {
        node: 'Arkiv',
        institution: 'Universitetssjukhuset, klinisk fysiologi och nuklearmedicin',
    }),
    study(agda, ['2026-11-23', '22:10', 'CT', 'CT halsrygg, trauma', 640]),
    study(agda, ['2026-11-23', '22:02', 'DX', 'Bäcken', 1]),
    study(agda, ['2019-01-14', '13:20', 'MG', 'Mammografi, screening', 4], { institution: 'Mammografin Malmö' }),
    study(alva, ['2026-11-18', '10:00', 'US', 'Ultraljud njurar', 38]),
    study(long, ['2026-11-22', '16:41', 'MR', 'MR ländrygg', 214]),
    study(long, ['2026-02-09', '07:55', 'CT', 'CT skalle', 188]),
    study(unknown, ['2026-11-24', '03:12', 'CT', 'CT trauma, helkropp', 2140]),
];
