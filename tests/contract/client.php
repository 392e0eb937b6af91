<?php
// A client of nothing but PHP's curl. Usage: php client.php URL FORM, the parameters as a JSON
// object on standard input; FORM is form, json, get or sample. The answer's body goes to standard
// output. "sample" does what integrations do that were made after the vendor's page: no action, a
// line break inside the form body, and the CALLID taken out of the XML.

[, $url, $form] = $argv;
$values = json_decode(stream_get_contents(STDIN), true);

$curl = curl_init($form === 'get' ? $url . '?' . http_build_query($values) : $url);
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
curl_setopt($curl, CURLOPT_TIMEOUT, 30);
curl_setopt($curl, CURLOPT_PROXY, '');
if ($form === 'form') {
    curl_setopt($curl, CURLOPT_POST, true);
    curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query($values));
} elseif ($form === 'json') {
    curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($values));
    curl_setopt($curl, CURLOPT_HTTPHEADER, ['Content-Type: application/json']);
} elseif ($form === 'sample') {
    $body = "code={$values['code']}&phone={$values['phone']}&phonecallerid=0500000000"
        . "&target={$values['target']}\n&targetcallerid={$values['target']}&record=true";
    curl_setopt($curl, CURLOPT_POST, true);
    curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
}

$answer = curl_exec($curl);
if ($answer === false) {
    fwrite(STDERR, curl_error($curl));
    exit(1);
}
if ($form === 'sample') {
    foreach (simplexml_load_string($answer)->params->param->value->struct->member as $member) {
        if ((string) $member->name === 'CALLID') {
            $answer = (string) $member->value->string;
        }
    }
}
echo $answer;
