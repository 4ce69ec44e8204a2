import { CopyField } from '@/ui/CopyField';
import { PatientStrip } from '@/ui/PatientStrip';
import { Qr } from '@/ui/Qr';
import { StageLine } from '@/ui/StageLine';
import { Stepper } from '@/ui/Stepper';

const now = new Date('2026-11-24T12:00:00Z');

export function Pictures() {
    return (
        <div className="stack-wide">
            <PatientStrip
                patient={{
                    name: 'Tolvan Tolvansson',
                    number: '191212121212',
                    isProven: true,
                    birthDate: '1912-12-12',
                    sex: 'male',
                }}
                now={now}
            />
            <PatientStrip patient={{ name: 'Okänd Kvinna', number: 'RES-2026-118', isProven: false, sex: 'female' }} />
            <section className="card stack" aria-labelledby="line">
                <h2 id="line">The line of stages</h2>
                <StageLine of={312} counts={{ received: 312, atHub: 312, allowed: 312, underWay: 201, inPacs: 180 }} />
                <StageLine of={48} counts={{ received: 48, atHub: 48, allowed: 48, underWay: 48, inPacs: 48 }} />
                <StageLine
                    of={48}
                    counts={{ received: 48, atHub: 48, allowed: 48, underWay: 12, inPacs: 12 }}
                    stoppedAt="inPacs"
                />
            </section>
            <section className="card stack" aria-labelledby="steps">
                <h2 id="steps">Steps</h2>
                <Stepper steps={['Name and password', 'Second factor', 'Recovery codes']} now={1} />
            </section>
            <section className="card stack" aria-labelledby="codes">
                <h2 id="codes">Codes</h2>
                <CopyField label="Enrolment code" value="K7QF-2MXD-9RTB-H4WN" isShownOnce />
                <Qr text="https://example.org/s/K7QF2MXD" label="QR code of the address" />
            </section>
        </div>
    );
}
