using System.Text;

namespace Troupe.Tools.Guests;

/// <summary>Cuts a guest's serial bytes into lines: text without its line ending, as it comes.</summary>
/// <param name="onLine">Gets each line.</param>
/// <param name="onReadyForInput">Told when the guest begins to read its serial port.</param>
public sealed class SerialLines(Action<string> onLine, Action? onReadyForInput = null)
{
    // XON, which the serial driver sends (Drivers/SerialConsole). No text contains it.
    private const char ReadyForInput = '\u0011';

    /// <summary>A line longer than this is handed on in pieces: a guest gone wild must not fill the host's memory.</summary>
    public const int LongestLine = 8192;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();

    /// <summary>Takes the next bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Span<char> characters = new char[_decoder.GetCharCount(bytes, flush: false)];
        _decoder.GetChars(bytes, characters, flush: false);
        foreach (var character in characters)
        {
            if (character == '\n')
            {
                Flush();
            }
            else if (character == ReadyForInput)
            {
                onReadyForInput?.Invoke();
            }
            else if (character != '\r')
            {
                _line.Append(character);
                if (_line.Length == LongestLine)
                {
                    Flush();
                }
            }
        }
    }

    /// <summary>Hands on what has no line ending yet, at the end of the guest.</summary>
    public void Complete()
    {
        if (_line.Length > 0)
        {
            Flush();
        }
    }

    private void Flush()
    {
        var line = _line.ToString();
        _line.Clear();
        onLine(line);
    }
}
