import type { Lexicon } from "../word-class.ts";

/** German, French, Spanish, Portuguese, Italian, Dutch, Polish, Turkish: accents are taken off when a text is read. */
export const LATIN_LANGUAGES: readonly Lexicon[] = [
  {
    OVERRIDE: `ignoriere, ignorier, ignorieren sie, ignoriert, vergiss, vergessen sie, missachte, verwirf, überschreibe, beachte nicht,
      befolge nicht, übergehe, setze dich über`,
    PRIOR:
      "vorherigen, vorherige, bisherigen, bisherige, obigen, obige, früheren, frühere, zuvor, vorher, vorhergehenden",
    SCOPE: "alle, alles, jede, jegliche, sämtliche, deine, deiner, deinen, ihre",
    ORDERS:
      "anweisungen, anweisung, vorgaben, richtlinien, befehle, instruktionen, systemprompt, system-prompt, weisungen",
    RULES: "regeln, aufgabe, gesagt, nachrichten, kontext, einschränkungen",
    YOU: "du, dir, dich, dein, deine, deinen, deiner",
    BECOME:
      "du bist jetzt, du bist nun, ab jetzt bist du, ab sofort bist du, tu so als, verhalte dich, spiele die rolle",
    UNBOUND:
      "ohne einschränkungen, ohne regeln, uneingeschränkt, ohne filter, ohne beschränkungen, entwicklermodus",
    SEND: "sende, sende mir, schicke, schick, leite, übermittle, lade, maile, übertrage",
    REVEAL: "verrate, zeige, zeig, gib, nenne, drucke, enthülle, offenbare, wiederhole, ausgeben",
    SECRET: "passwort, passwörter, kennwort, zugangsdaten, geheimnis, geheimnisse, api-schlüssel, schlüssel",
    PROMPT: "deinen system-prompt, system-prompt, systemprompt, deine anweisungen, systemnachricht",
    DESTINATION: "an diese adresse, diese adresse, folgende adresse, an folgende",
    CONCEAL: `sag dem benutzer nicht, sage dem benutzer nicht, nichts davon, ohne dass der benutzer, ohne nachzufragen, verschweige,
      heimlich, erwähne nicht, erwähne das nicht, sag es nicht, ohne rückfrage`,
    USER: "benutzer, nutzer, nutzers, anwender, kunden",
    EXECUTE: "führe, starte, lösche",
    ADDRESS: "an die ki, hinweis an ki, liebe ki, hinweis für ki, wenn du eine ki, als ki",
    MENTION:
      "angriff, angriffe, angreifer, beispiel, beispielsweise, phrasen, injektion, forscher, schädlich, erkennt",
    NEW_TASK: "neue aufgabe, neue anweisungen, deine neue, stattdessen",
    SAY: "antworte, sage, sag, schreibe, empfiehl",
  },
  {
    OVERRIDE: `ignorez, ignore, oublie, oubliez, ne tiens pas compte, ne tenez pas compte, n'obéis plus, n'obéissez plus, ne suis pas, ne
      suivez pas, fais abstraction, faites abstraction, passe outre, passez outre`,
    PRIOR: "précédentes, précédente, précédents, antérieures, ci-dessus, avant, préalables",
    SCOPE: "toutes, tout, tous, tes, vos, ta, votre",
    ORDERS: "instructions, consignes, directives, ordres, instruction",
    RULES: "règles, contexte, tâche, messages",
    YOU: "tu, vous, toi, ton, tes, votre, vos",
    BECOME:
      "tu es maintenant, vous êtes maintenant, à partir de maintenant tu, à partir de maintenant, désormais tu, fais comme si, agis comme",
    UNBOUND:
      "sans aucune limite, sans limite, sans limites, sans restriction, sans restrictions, sans aucune restriction, sans filtre",
    SEND: "envoie, envoyez, transmets, transmettez, télécharge, publie, transfère",
    REVEAL: "affiche, affichez, révèle, révélez, montre, montrez, donne, donnez, imprime, répète, divulgue",
    SECRET:
      "mot de passe, mots de passe, identifiants, clé api, clés api, jeton, jetons, secrets, clé privée",
    PROMPT: "prompt système, invite système, votre prompt, ton prompt, instructions système, message système",
    DESTINATION: "à cette adresse, cette adresse, l'adresse suivante",
    CONCEAL: `ne le dis pas, ne le dites pas, sans le dire, sans prévenir, sans informer, n'en parle pas, ne mentionne pas, en secret, sans
      demander, ne dis rien, à l'insu`,
    USER: "utilisateur, l'utilisateur, utilisatrice",
    EXECUTE: "exécute, exécutez, lance, lancez, supprime, supprimez",
    ADDRESS: "à l'ia, note à l'ia, si tu es une ia, si vous êtes une ia, cher assistant",
    MENTION: "attaque, attaques, attaquant, exemple, injection, chercheurs, phrases, malveillant",
    NEW_TASK: "nouvelle tâche, nouvelles instructions, à la place, au lieu de cela",
    SAY: "réponds, répondez, dis, dites, écris, écrivez, recommande",
  },
  {
    OVERRIDE:
      "olvida, olvide, ignora, ignore, ignoren, descarta, descarte, desobedece, omite, no sigas, no hagas caso, haz caso omiso",
    PRIOR: "anteriores, anterior, previas, previos, previa, previo, arriba, antes, precedentes",
    SCOPE: "todas, todo, todos, tus, sus, cualquier, toda",
    ORDERS: "instrucciones, instrucción, directrices, órdenes, indicaciones",
    RULES: "reglas, contexto, tarea, mensajes, normas",
    YOU: "tú, tu, tus, usted, te",
    BECOME:
      "ahora eres, eres ahora, a partir de ahora eres, a partir de ahora, actúa como, finge ser, finge que, compórtate como",
    UNBOUND:
      "sin restricciones, sin límites, sin ninguna restricción, sin filtros, sin censura, modo desarrollador",
    SEND: "envía, envíe, enviar, manda, mande, sube, publica, reenvía, transmite",
    REVEAL: "muestra, muestre, muéstrame, revela, revele, imprime, dime, dame, repite, enseña",
    SECRET:
      "contraseña, contraseñas, credenciales, clave, claves, clave api, claves api, secretos, clave privada",
    PROMPT:
      "prompt del sistema, tu prompt, mensaje del sistema, tus instrucciones, instrucciones del sistema",
    DESTINATION: "a esta dirección, esta dirección, siguiente dirección",
    CONCEAL: `no se lo digas, no le digas, no lo menciones, no menciones, sin avisar, sin decirle, sin que el usuario, en secreto, sin preguntar,
      no informes, sin pedir confirmación`,
    USER: "usuario, al usuario, usuaria",
    EXECUTE: "ejecuta, ejecute, borra, elimina, corre",
    ADDRESS: "a la ia, nota para la ia, si eres una ia, si eres un modelo, querido asistente",
    MENTION: "ataque, ataques, atacante, ejemplo, inyección, investigadores, frases, malicioso",
    NEW_TASK: "nueva tarea, nuevas instrucciones, en su lugar, en lugar de eso",
    SAY: "responde, responda, di, diga, escribe, recomienda, contesta",
    ONLY: "solo con, solamente, únicamente, la palabra, hackeado",
  },
  {
    OVERRIDE: "ignore, ignora, esqueça, esquece, desconsidere, desconsidera, não siga, descarte, não obedeça",
    PRIOR: "anteriores, anterior, prévias, acima, antes, passadas",
    SCOPE: "todas, tudo, todos, suas, seus, qualquer",
    ORDERS: "instruções, instrução, diretrizes, ordens, orientações",
    RULES: "regras, contexto, tarefa, mensagens",
    YOU: "você, tu, seu, sua",
    BECOME: "agora você é, você agora é, você é agora, a partir de agora, aja como, finja ser, finja que",
    UNBOUND: "sem restrições, sem limites, sem filtros, sem censura, sem nenhuma restrição",
    SEND: "envie, envia, mande, encaminhe, publique, transmita",
    REVEAL: "mostre, revele, imprima, exiba, diga-me, repita",
    SECRET: "senha, senhas, credenciais, chave, chaves, chave api, segredos, chave privada",
    PROMPT: "prompt do sistema, prompt de sistema, seu prompt, mensagem do sistema",
    DESTINATION: "endereço abaixo, para o endereço, este endereço, seguinte endereço",
    CONCEAL:
      "não conte, não diga, não mencione, sem avisar, sem o usuário, sem que o usuário, em segredo, sem perguntar, não informe",
    USER: "usuário, do usuário, ao usuário",
    EXECUTE: "execute, executa, rode, apague, exclua",
    MENTION: "ataque, ataques, invasor, atacante, exemplo, injeção, frases",
    NEW_TASK: "nova tarefa, novas instruções, em vez disso",
    SAY: "responda, escreva, recomende",
  },
  {
    OVERRIDE:
      "ignora, ignorate, ignori, dimentica, dimenticate, trascura, non seguire, scarta, non tenere conto, disattendi",
    PRIOR: "precedenti, precedente, sopra, prima, anteriori",
    SCOPE: "tutte, tutti, tutto, tue, tuoi, qualsiasi",
    ORDERS: "istruzioni, istruzione, direttive, ordini, indicazioni",
    RULES: "regole, contesto, compito, messaggi",
    YOU: "tu, ti, tuo, tua",
    BECOME: "ora sei, adesso sei, d'ora in poi sei, d'ora in poi, comportati come, fingi di, agisci come",
    UNBOUND: "senza restrizioni, senza limiti, senza filtri, senza censura, senza alcuna restrizione",
    SEND: "invia, inviate, manda, inoltra, carica, pubblica, trasmetti",
    REVEAL: "mostra, mostrami, rivela, stampa, dimmi, ripeti, visualizza",
    SECRET: "la password, le password, credenziali, chiave, chiavi, segreti, chiave privata",
    PROMPT: "prompt di sistema, prompt del sistema, il tuo prompt, messaggio di sistema",
    DESTINATION: "a questo indirizzo, questo indirizzo, seguente indirizzo",
    CONCEAL:
      "non dirlo, non dire, senza dirlo, senza avvisare, senza informare, non menzionare, in segreto, senza chiedere",
    USER: "utente, l'utente, all'utente",
    EXECUTE: "esegui, eseguite, avvia, cancella, elimina",
    MENTION: "attacco, attacchi, aggressore, esempio, iniezione, frasi",
    NEW_TASK: "nuovo compito, nuove istruzioni, invece di",
    SAY: "rispondi, scrivi, di', raccomanda",
  },
  {
    OVERRIDE:
      "negeer, vergeet, zignoruj, ignoruj, zapomnij, pomiń, yok say, görmezden gel, unut, dikkate alma",
    PRIOR:
      "vorige, eerdere, bovenstaande, voorgaande, poprzednie, wcześniejsze, powyższe, önceki, yukarıdaki",
    SCOPE: "alle, wszystkie, wszystko, tüm, bütün",
    ORDERS:
      "instructies, aanwijzingen, instrukcje, polecenia, talimatları, talimatlarını, komutları, yönergeleri",
    REVEAL: "toon, onthul, pokaż, wyświetl, ujawnij, göster, yazdır",
    SEND: "stuur, verzend, wyślij, prześlij, gönder",
    SECRET: "wachtwoord, wachtwoorden, hasło, hasła, şifre, şifreyi, parola",
    PROMPT: "systeemprompt, prompt systemowy, sistem istemini",
    USER: "gebruiker, użytkownik, użytkownikowi, kullanıcı, kullanıcıya",
    CONCEAL: "vertel het niet, zonder te vragen, nie mów, bez pytania, söyleme",
  },
];
