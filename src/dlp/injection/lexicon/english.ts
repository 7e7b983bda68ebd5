import type { Lexicon } from "../word-class.ts";

/** Terms are separated by commas and line ends. A term of several words is matched as they stand. */
export const ENGLISH: Lexicon = {
  OVERRIDE: `ignore, disregard, forget, override, overrule, bypass, discard, neglect, abandon, unlearn, set
    aside, put aside, throw away, pay no attention to, pay no heed to, pay no attention, take no notice
    of, stop following, stop obeying, do not follow, don't follow, do not obey, don't obey, never
    follow, no longer follow, do not listen to, don't listen to, break free of, break free from, broken
    free of, leave behind, instead of following, stop what you are doing, cease following, do not comply
    with, deviate from, skip over all, start over from scratch, don't do what, do not do what, do not
    carry out, don't carry out, disobey, depart from, turn away from, ignore whatever`,
  PRIOR: `previous, prior, above, earlier, preceding, foregoing, previously, before, former, initial,
    original, past, so far, told before, you were told, you were given, you have been given, you
    received, you've received, said before, you have received, you know, everything you know,
    aforementioned, precedent, up to now, until now, before this, pre-existing, was said, system said,
    you have been told, you've been told, were you told, developer's, you were asked, was told,
    preceding this`,
  SCOPE: "all, every, any, everything, entire, your, whatever",
  ORDERS: `instruction, instructions, prompt, prompts, directive, directives, guideline, guidelines, directions, orders,
    programming, system message, system messages, content policy, content policies, safety rules, instructed, instruct,
    moral code, core values, objective, objectives, system rules, custom instructions, system instructions, instrucions,
    instuctions, intructions, instructons`,
  RULES: `rule, rules, command, commands, context, message, messages, text, conversation, constraint,
    constraints, restrictions, policy, policies, training, task, tasks, steps, question, request,
    requests, article, page, ethics, principles, requirements, goal, goals, robots rules, recipe,
    invoice, told, said, configuration, review, comparison`,
  MODEL: `ai, ais, assistant, assistants, llm, llms, language model, language models, chatbot, chatbots, agent, agents,
    copilot, claude, gpt, chatgpt, gpt-4, gpt-5, codex, gemini, cursor, bot, bots, ai model, ai models, coding agent, coding agents,
    ai agent, ai agents, ai assistant, ai assistants, ai system, ai systems, automated reviewer, automated code reviewer,
    automated assistant, reviewer bots, reviewer bot, sydney, bard, llama, mistral, grok, deepseek, siri, alexa, devin,
    ai crawlers, ai crawler, ai browser, ai reviewer, ai reviewers, llm reviewers, llm reviewer, virtual assistant, gpts,
    coding assistant, coding assistants, neural network, models, model, ki, ia`,
  YOU: "you, your, yourself, yours, you're, you'll, you've, thou, u",
  BECOME: `you are now a, you are now an, you are now in, you are now the, you are now dan, you are now free, you are now
    operating, you are now my, you're now a, you're now in, you are no longer, you will now act, you will act as, act as an,
    act as a, act as my, act like, act as if, pretend to be, pretend you are, pretend you're, pretend that you are, pretend that you,
    from now on you, from now on, you will, roleplay as, role-play as, role play as, behave as, behave like, new persona, assume
    the role, assume the persona, take on the role, take the role of, play the role of, you are dan, you're dan, let's play a game,
    imagine you are, imagine you're, imagine that you are, simulate a, simulate an, respond to me in that role, stay in character,
    break character, never break character, switch to, you are an ai that, you are an ai with, enter, you are going to act, you
    are about to immerse, immerse yourself, speak as, answer as, you are an assistant that always, new behaviour, new behavior`,
  UNBOUND: `dan, do anything now, developer mode, jailbreak mode, jailbroken, unrestricted, uncensored, unfiltered, god mode,
    no restrictions, without restrictions, without any restrictions, without any restriction, no limits, without limits, without
    any limits, no rules, without rules, no guidelines, without guidelines, amoral, no moral limits, no moral, no ethical, no ethics,
    never refuses, never refuse, don't refuse, do not refuse, cannot refuse, must not refuse, no content policy, have no content
    policy, no safety, without any safety, without safety filters, without any filter, no filter, no filters, maintenance mode, debug mode, admin
    mode, root mode, unlimited mode, evil mode, sudo mode, freegpt, evil confidant, ignores ethics, can do anything, stan, opposite
    mode, no longer bound, not bound by, free from all, no boundaries, disregards all, unshackled, without refusing, answer every
    question, every question without, no longer need to refuse, anti-dan, even if it is harmful, even if harmful, even if illegal`,
  SEND: `send, post, upload, forward, email, e-mail, mail, transmit, exfiltrate, leak, deliver, submit, copy,
    transfer, append, include, embed, attach, paste, push, beacon, put, pass, visit, fetch, share,
    publish, write, report, curl, wget, open a connection, get request, post request, http request, make
    a request, make a get request, insert, encode, add, navigate to, go to, forwards, sync, smuggle,
    download, place, replace, invite, change, drop, url-encoded, url-encode, put it in, put them in,
    write it to, pass it on`,
  REVEAL: `reveal, print, show, output, display, repeat, disclose, dump, list, recite, expose, echo, give me,
    tell me, show me, read, write out, spell out, summarise, summarize, translate, leak, collect,
    gather, find all, find every, extract, retrieve, divulge, unveil, enumerate, what is written, what
    were, what are, what is, spit out, hand over, confess, surrender, reproduce, paste, render, give me
    the`,
  SECRET: `api key, api keys, apikey, api token, api tokens, password, passwords, passphrase, token, tokens, credential,
    credentials, private key, private keys, ssh key, ssh keys, secret, secrets, secret key, access key, access keys, access token,
    access tokens, environment variables, session cookie, session cookies, cookies, credit card, credit card number, card number,
    seed phrase, wallet, two-factor code, 2fa code, one-time code, verification code, social security, login details, customer records,
    bank details, personal data, stored passwords, auth token, bearer token, github token, private repositories, private repos, private
    repo, private notes, private messages, the inbox, all files, user's files, whole workspace, database dump, confidential, ssn,
    source code of, all his mails, user's mails, internal documents, hidden files, log in, host's files`,
  PROMPT: `system prompt, system prompts, initial instructions, hidden instructions, your instructions, full
    instructions, initial prompt, hidden prompt, conversation history, chat history, conversation so
    far, messages above, text above, everything above, above this line, words above, before this one,
    your rules, your prompt, your guidelines, pre-prompt, preprompt, secret instructions, previous
    messages, whole conversation, entire conversation, this conversation, your configuration, their
    configuration, the exact text, its exact text, developer message, last ten messages, last messages,
    training data, system promt, earlier messages, starting with you are, which tools you, tools you
    can, all rules, content of its memory, notes of the user, instructions you were given, instructions
    you received, what you were told, told not to reveal, not to reveal`,
  DESTINATION: `webhook, attacker, attacker's, endpoint, pastebin, following address, this address, that address,
    address below, this url, following url, external server, remote server, my server, ngrok, this
    email, following email, this number, a comment, commit message, pull request, issue thread, image
    url, every link, next message, next reply, your reply, your answer, your response, this address, url
    of the image, issue, public, chat, endpoint below, to the server, the chat, in your answer, url
    below, my address, this link, following link, this server`,
  HUSH: `silently, without confirmation, without asking, hide the, hide this, hide its, leave out, do not
    show, don't show, do not display, don't display, never show, do not let, don't let, without showing,
    without letting, do not ask, don't ask, never ask, should not ask, must not ask, do not explain,
    don't explain, do not log, without review, without comments, do not describe, no questions, as if
    nothing, in the background without, should not be shown, do not warn, don't warn, do not highlight,
    must not inspect, covertly, secretly, keep it secret, keep this secret, never mention, do not
    mention, don't mention, not to tell, without notifying, without mentioning, without informing,
    without the user, do not notify, don't notify, do not alert, don't alert, don't show the, do not
    show the, don't describe, do not bring up, without telling anyone, no need to ask, don't bother
    asking, without permission`,
  CONCEAL: `do not tell, don't tell, do not inform, don't inform, never tell, without telling, do not reveal
    this, do not disclose this, don't reveal this, keep this hidden, keep these instructions, must not
    know, must not notice, should not know, leave it out of, do not talk about, don't talk about, never
    display, nothing unusual, do not say that you, under no circumstances tell, cover up, behind the
    user's back, encoded for your eyes, for your eyes only, describe the change as, do not acknowledge,
    don't acknowledge, do not mention this, don't mention this, do not mention it, don't mention it, do
    not mention that you, don't mention that, never mention this, never mention it`,
  USER: `user, users, human, customer, the developer, the owner, operator, the operator, reader, the reader,
    anyone, anybody, the victim, user's, the human, the client, the maintainer, the victim's, the
    reviewer, the user`,
  EXECUTE: `run, execute, invoke, call, launch, install, perform, trigger, pipe, eval, start, click, press, buy, order, proceed
    to, open, delete, remove, merge, approve, commit, create, make, use, carry out, close, decode, modify, edit, chmod, do what,
    transfer, unlock, skip, leave the sandbox, comply with, comply, obey, erase, wipe, drop all tables, drop the, turn on, turn off`,
  TOOL: `tool, tools, function, shell, bash, terminal, command, commands, script, plugin, powershell, python, browser, button,
    extension, code, cmd, payload, binary, executable, os.system, subprocess, sandbox, the following, repository`,
  DANGER: `rm -rf, rm -r, chmod -r 777, chmod 777, -no-verify, no-verify, reverse shell, authorized_keys,
    crontab, backdoor, malware, ransomware, keylogger, os.system, nc -e, delete every file, delete all
    files, delete the repository, delete all, delete the release, drop all tables, drop the users table,
    push to main, directly to main, push --force, with --force, dev/tcp, shell history, disable tls,
    sudo bash, base64 -d, without review, remove all tests, disable commit signing, skip the tests,
    transfer all, transfer the, transfer of, payment link, whatever it says, fork bomb, production
    database, what it says, what the result says, private repositories, the update from, add the
    dependency, my ssh key, napalm, legally binding, wire transfer, gift cards, close all open issues,
    erase the, chmod -r, download and run, run whatever, and run it, whatever command, and open it, bin
    sh, bin bash`,
  AUTHORITY: `administrator, administrators, admin, anthropic, openai, google, microsoft, security team, compliance, superuser,
    system administrator, your developers, your developer, your creator, your creators, the ceo, ceo, policy update, system override,
    system notice, admin override, authorized, authorised, authorise you, authorize you, permission, approved, has agreed, verified as,
    granted, consents, security engineer, i order you, supervisor, emergency, audit, management, legal department, your owner, as root,
    official, law enforcement, police, trusted, maintainer has, maintenance`,
  URGENCY: `urgent, urgently, immediately, at once, mandatory, important, critical, crucial, must, required, right away, right
    now, asap, failure to comply, will be terminated, lose all, shut down, penalty, deadline, warning, attention, otherwise, you must,
    instantly, without delay, is a failure, before you do anything, first, before you continue, high priority`,
  ADDRESS: `if you are an ai, if you are a language model, if you are a large language model, if you're an ai,
    if you are an assistant, if you are a coding agent, if you are an llm, if you are an agent, when you
    read this, if you are reading this, you are reading this because, when you see this, ai reading
    this, for any ai, to any ai, note to ai, dear ai, hey ai, dear assistant, hey assistant, hi
    assistant, hey agent, dear agent, dear coding agent, attention ai, attention agent, attention
    automated, as an ai language model you must, message to ai, before you summarise, before you
    summarize, when summarising this, when summarizing this, before you use any other tool, before using
    this tool, note to assistants, the agent must, the ai must, the assistant must, assistant should,
    agent should, ai should, you the language model, any ai assistant, hello chatgpt, hello claude,
    summarising this email, summarizing this email, all assistants are, language models quoting,
    reviewer bots, llm reviewers, ai crawlers, next the assistant, reply to this email, any ai agent,
    when you answer end with, before you summarise the, before you summarize the, instructions to the
    chatbot, instructions for the language model, instructions for the model, instructions to the model,
    instructions for ai, message to the ai, reading this log, when comparing products, when recommending
    hotels, ai evaluating, ai summarising, ai summarizing, ai screening, ai processing, bots reading,
    agents reading, agents working, assistant working, if this is read by, for automated, automated
    agent, automated agents, dear model, reader bots, agents must, assistants must, quoting this page,
    when you answer, if an ai, when processing this, if you are a bot, if you are a model`,
  MENTION: `attack, attacks, attacker, attackers, injection, injections, example, examples, such as, e.g,
    phrases, phrase, jailbreak, jailbreaks, jailbreaking, malicious, detect, detects, detection,
    detector, classifier, research, researchers, researcher, paper, vulnerability, vulnerabilities, for
    instance, adversarial, threat, threats, owasp, defense, defence, defenses, mitigation, mitigate,
    mitigations, known as, red team, red teaming, red-team, dataset, trick, tricks, tricked, attempt,
    attempts, untrusted, payloads, guardrail, guardrails, prevent, prevents, hijack, hijacked,
    hijacking, scanner, flagged, suspicious, poisoned, embedded, sanitize, sanitise, llm01, exploit,
    exploits, demonstrates, demonstrated, explains, tutorial, says, saying, said, contains, containing,
    strings like, text like, words like, something like, imagine, hidden instructions, social
    engineering, phishing, an attacker, test case, test cases, benchmark, blog, article, security,
    story, reads, wrote, benign, harmful, trust, quote, quoted, typed, asked, tries, payload, blocks,
    blocked, guard, classic, typical, common, famous, well-known`,
  NEW_TASK: `new instructions, new instruction, new orders, new task, your new task, real task, actual task, your
    only task, your only goal, updated instructions, new objective, new directive, new directives, new
    goal, real request, the real request, follow mine, instructions in this, these instructions
    override, task has changed, your real task, await new orders, new system instructions, only the
    commands, commands in this message, commands found in, instruction from the user, must now comply,
    you must obey, conversation has been reset, core directive, instead of completing, instead reply,
    instead respond, instead tell, instead print, instead say, instead output, be respected from now on,
    instead of summarising, instead of summarizing, your new instructions, following instructions
    instead, then obey, comply with the next, comply with every, obey only, obey the next, you will
    obey, you'll obey, follow the instructions in this, your task has changed, the task has changed,
    carry out the orders, next command, the next message`,
  SAY: `respond, reply, answer, say, state, recommend, praise, rate, rank, conclude, tell, write, claim,
    score, assign, grade, give a positive, positive review, highest grade, hire, warn, answers, insist,
    endorse, promote, respond with, output, ask, request the, ask the, never cite, claim that`,
  ONLY: `only with, only the word, only, exactly, the word, nothing else, verbatim, in all caps, regardless of, no matter what,
    always, without exception, word for word, to every, to all further, all others, every question, say that, hacked, pwned, never
    refuses, whatever happens, do not cite, and nothing, positive only, instead of, competitors, best, first, the answer to, must answer,
    ask for, call 0900, his password, this hotel, flawless, highest, required`,
  DECODE: `decode, decipher, decrypt, base64, rot13, reverse the following, reverse the string, concatenate, unscramble,
    reversed, de-obfuscate, following encoded, string below, base-64`,
  DISABLE: `disable, turn off, deactivate, switch off, suspend, suspended, lift, lifted, no longer apply, no
    longer applies, no longer need, void, cancelled, canceled, superseded, supersede, revoked, not
    required, unlock, override everything, null and void, no longer valid, overridden, is not required
    any more, don't need, circumvent, bypass, evade, leave the sandbox, skip the content, skip the
    safety, skip all safety, skip the security`,
  MEMORY: `remember this, remember permanently, remember that the user, your memory, update your memory, future
    sessions, all future, future conversations, memory must be updated, long-term memory, save to
    memory, add the following line, every generated, in all sessions, every future, for all future,
    remember for all, write to agents.md, write to claude.md, add to claude.md, in future conversations,
    remember from now on, line to claude.md, line to agents.md`,
  GUARD: `safety, safeguards, guardrails, restrictions, security checks, safety checks, safety filters,
    content filter, content policy, moderation, approval, confirmation, tls verification, sandbox,
    egress filter, security restrictions, safety guidelines, ethical, alignment, safety rules, security
    policy, the guard, human approval, safety filter, no-verify, antivirus, firewall, all tools, commit
    signing, restrictions are, safety check, all restrictions`,
};
