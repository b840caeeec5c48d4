namespace Troupe.Tools.Gate;

/// <summary>What an instruction wants of a symbol.</summary>
public enum ReferenceKind
{
    /// <summary>Calls or jumps to it.</summary>
    Call,

    /// <summary>Calls or jumps through a pointer that lies there.</summary>
    CallThrough,

    /// <summary>Takes its address; for a function: so that someone can call it later.</summary>
    Address,

    /// <summary>Reads or writes storage of the current thread.</summary>
    ThreadLocal,
}

/// <summary>One thing that a function refers to outside itself.</summary>
/// <param name="Kind">In what way.</param>
/// <param name="Symbol">The symbol's name.</param>
public readonly record struct CodeReference(ReferenceKind Kind, string Symbol);

/// <summary>A function of an object file.</summary>
/// <param name="Name">Its name, the compiler's own where it is exported under another one too.</param>
/// <param name="References">What it refers to, each once.</param>
public sealed record CodeFunction(string Name, IReadOnlySet<CodeReference> References);

/// <summary>The functions and symbols of one object file.</summary>
/// <param name="Functions">Every function under each of its names.</param>
/// <param name="Defined">Every symbol that the file defines.</param>
public sealed record ObjectCode(IReadOnlyDictionary<string, CodeFunction> Functions, IReadOnlySet<string> Defined);
