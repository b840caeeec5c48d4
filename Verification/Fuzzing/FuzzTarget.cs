namespace Troupe.Verification.Fuzzing;

/// <summary>Something that reads bytes which others wrote. Whatever they are, it neither throws what it does not document, nor leaves its bounds, its time or its memory.</summary>
internal abstract class FuzzTarget(string name)
{
    /// <summary>What an input may take; reached only when something goes round in circles.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(10);

    /// <summary>The name in commands, and of its folder in the corpus.</summary>
    public string Name { get; } = name;

    /// <summary>Octets of the longest input that is tried.</summary>
    public virtual int LongestInput => 512;

    /// <summary>Octets that one input may make it allocate: what a table of a bounded size takes, and never what a length in the input says.</summary>
    public virtual long MostAllocated => 64 << 10;

    /// <summary>Inputs to begin with: valid ones, so that what only valid input reaches is reached.</summary>
    public virtual IEnumerable<byte[]> Seeds => [[]];

    /// <summary>Words of the format, to be put into inputs.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>Reads the input and checks what must hold.</summary>
    /// <exception cref="OracleException">It does not hold.</exception>
    public abstract void Run(ReadOnlySpan<byte> input);

    protected static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new OracleException(otherwise);
    }

    protected static void RequireSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        if (!expected.SequenceEqual(actual))
            throw new OracleException($"{what}: read from {Convert.ToHexString(expected)}, written as {Convert.ToHexString(actual)}");
    }
}
