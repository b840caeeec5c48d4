namespace Troupe.Verification.Scripts;

/// <summary>What a line does.</summary>
internal enum StatementKind
{
    /// <summary>Sends a packet to the host.</summary>
    Inject,

    /// <summary>Expects a packet of the host's.</summary>
    Expect,

    /// <summary>Lets time pass.</summary>
    Wait,

    /// <summary>A call of the application's, or a look at the host.</summary>
    Call,
}

/// <summary>One line of a script.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Text">The line as it is written.</param>
/// <param name="Kind">What it does.</param>
/// <param name="After">How long after the line before.</param>
/// <param name="Tolerance">How much earlier or later a packet may come.</param>
/// <param name="Repeat">How often.</param>
/// <param name="Verb">The call, or the protocol of the packet.</param>
/// <param name="Flow">The connection it is about.</param>
/// <param name="Words">The words behind.</param>
/// <param name="Result">What a call shall end with, behind <c>-&gt;</c>.</param>
internal sealed record Statement(
    int Line, string Text, StatementKind Kind, TimeSpan After, TimeSpan Tolerance, int Repeat, Word Verb, string Flow, Word[] Words, Word? Result)
{
    public Word? Find(string key) => Array.Find(Words, word => word.Key == key);

    public bool Has(string key) => Find(key) is not null;

    /// <summary>Null if a field is not named, or is what the line says of it.</summary>
    public string? Mismatch(string key, long actual) => Find(key)?.Mismatch(actual);

    public long Number(string key, long otherwise) => Find(key)?.Number ?? otherwise;
}

/// <summary>A script: what it checks, how the host is set up, and what happens.</summary>
/// <param name="Name">Its path beneath the folder of scripts.</param>
/// <param name="Requirement">The comment at its head, which names the RFC paragraph.</param>
/// <param name="Host">The host's configuration.</param>
/// <param name="Statements">The lines.</param>
internal sealed record Script(string Name, string Requirement, Word[] Host, Statement[] Statements);
