namespace Troupe.Tools.Benchmarks;

/// <summary>A row of a table that has our guest beside Linux's.</summary>
public interface IComparedRow
{
    /// <summary>What tables and filters call it.</summary>
    string Name { get; }

    /// <summary>Of its numbers.</summary>
    string Unit { get; }

    /// <summary>How numbers are written.</summary>
    string Format { get; }

    /// <summary>Whether less is better.</summary>
    bool IsTime { get; }

    /// <summary>Ours over Linux's: at least this, or at most where less is better; null where nothing is demanded.</summary>
    double? Bar { get; }
}
