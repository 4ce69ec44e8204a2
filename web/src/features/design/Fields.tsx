import { CalendarDate } from '@internationalized/date';
import { useState } from 'react';
import { Button, IconButton } from '@/ui/Button';
import { Checkbox, CheckboxGroup, RadioGroup, Switch } from '@/ui/Choice';
import { DateField, PeriodField } from '@/ui/DateField';
import { CodeInput, PasswordField, TextField } from '@/ui/Field';
import { Link, LinkButton } from '@/ui/Link';
import { ComboBox, Select } from '@/ui/Select';

const places = [
    { id: 'skane', name: 'Region Skåne', hint: 'Skånes universitetssjukvård' },
    { id: 'vgr', name: 'Västra Götalandsregionen' },
    { id: 'aleris', name: 'Aleris Röntgen', isDisabled: true },
];

export function Fields() {
    const [code, setCode] = useState('');
    return (
        <div className="stack-wide">
            <section className="card stack" aria-labelledby="buttons">
                <h2 id="buttons">Buttons and links</h2>
                <div className="row">
                    <Button kind="primary">Primary</Button>
                    <Button>Secondary</Button>
                    <Button kind="quiet">Quiet</Button>
                    <Button kind="danger">Delete</Button>
                    <IconButton icon="copy" label="Copy" />
                </div>
                <div className="row">
                    <Button kind="primary" icon="key">
                        With an icon
                    </Button>
                    <Button kind="primary" isPending>
                        Saving
                    </Button>
                    <Button kind="primary" isDisabled>
                        Disabled
                    </Button>
                    <LinkButton href="/" icon="home">
                        A link as a button
                    </LinkButton>
                    <Link href="/">A link</Link>
                </div>
            </section>
            <section className="card stack" aria-labelledby="text">
                <h2 id="text">Text</h2>
                <div className="form">
                    <TextField label="Name" hint="As colleagues know you." />
                    <TextField label="Cost centre" optional placeholder="1234" />
                    <TextField label="E-mail address" defaultValue="anna" error="Type the whole address." />
                    <TextField label="Fixed" defaultValue="Cannot be changed" isDisabled />
                    <TextField label="Message" lines />
                    <PasswordField label="Password" hint="At least 12 characters." autoComplete="off" />
                    <CodeInput label="Six digits" value={code} onChange={setCode} />
                    <CodeInput
                        label="Six digits, wrong"
                        value="123456"
                        onChange={() => {}}
                        error="The code is wrong."
                    />
                </div>
            </section>
            <section className="card stack" aria-labelledby="choices">
                <h2 id="choices">Choices</h2>
                <div className="form">
                    <Select label="Recipient" options={places} hint="Where it is sent." />
                    <Select label="Recipient, missing" options={places} error="Choose a recipient." />
                    <ComboBox label="Organisation" options={places} />
                    <Checkbox defaultSelected hint="Each morning at seven.">
                        Send a summary
                    </Checkbox>
                    <Checkbox isIndeterminate>Some are chosen</Checkbox>
                    <Checkbox isDisabled>Disabled</Checkbox>
                    <CheckboxGroup label="Kinds" options={places} error="Choose one at least." />
                    <RadioGroup label="Urgency" options={places} defaultValue="vgr" />
                    <Switch defaultSelected hint="Takes effect at once.">
                        On
                    </Switch>
                    <Switch>Off</Switch>
                    <Switch isDisabled>Disabled</Switch>
                </div>
            </section>
            <section className="card stack" aria-labelledby="days">
                <h2 id="days">Days</h2>
                <div className="form">
                    <DateField label="Day" defaultValue={new CalendarDate(2026, 11, 24)} />
                    <DateField label="Day, missing" error="Choose a day." />
                    <PeriodField
                        label="Period"
                        defaultValue={{ start: new CalendarDate(2026, 11, 1), end: new CalendarDate(2026, 11, 24) }}
                    />
                </div>
            </section>
        </div>
    );
}
