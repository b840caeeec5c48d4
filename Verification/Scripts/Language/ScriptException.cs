namespace Troupe.Verification.Scripts;

/// <summary>A script that is none: where, and what would be right.</summary>
public sealed class ScriptException(string file, int line, int column, string message) : Exception($"{file}({line},{column}): {message}")
{
    /// <summary>The line, from 1.</summary>
    public int Line => line;

    /// <summary>The column, from 1.</summary>
    public int Column => column;
}
