namespace Troupe.Apps.Hosting.Guest;

/// <summary>A reader that is opened by the first read: a program that reads nothing starts nothing for it.</summary>
internal sealed class LazyReader(Func<TextReader> open) : TextReader
{
    private readonly Lazy<TextReader> _reader = new(open);

    /// <inheritdoc/>
    public override int Peek() => _reader.Value.Peek();

    /// <inheritdoc/>
    public override int Read() => _reader.Value.Read();

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count) => _reader.Value.Read(buffer, index, count);

    /// <inheritdoc/>
    public override int Read(Span<char> buffer) => _reader.Value.Read(buffer);

    /// <inheritdoc/>
    public override string? ReadLine() => _reader.Value.ReadLine();

    /// <inheritdoc/>
    public override string ReadToEnd() => _reader.Value.ReadToEnd();
}
