using Microsoft.Win32.SafeHandles;

namespace Troupe.Tools.Guests;

/// <summary>
/// Carries this process's standard input to a guest's serial port, from the moment the guest begins to read it: before, bytes
/// would be lost to a port that is being set up, and a run in the background that needs no input must not be stopped for asking its terminal.
/// </summary>
public static class GuestInput
{
    // ISO 646 EOT: a serial line has no end of its own, so the end of ours is told as a terminal would tell it.
    private const byte EndOfTransmission = 0x04;
    private const int BufferSize = 4096;
    private const int StandardInput = 0;

    /// <summary>Carries standard input when the guest wants it, until one of both ends.</summary>
    public static async Task ForwardAsync(GuestProcess guest)
    {
        ArgumentNullException.ThrowIfNull(guest);
        await Task.WhenAny(guest.ReadyForInput, guest.Exit).ConfigureAwait(false);
        if (guest.ReadyForInput.IsCompleted)
        {
            // A thread that dies with the process: a read of a terminal cannot be cancelled.
            new Thread(() => Forward(OpenStandardInput(), guest.Input)) { IsBackground = true, Name = "guest input" }.Start();
        }
    }

    /// <summary>Copies one to the other, and tells its end if that is the end of all input.</summary>
    public static void Forward(Stream from, Stream to, bool tellEnd = true)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        try
        {
            var buffer = new byte[BufferSize];
            int count;
            while ((count = ReadOrEnd(from, buffer)) > 0)
            {
                to.Write(buffer, 0, count);
                to.Flush();
            }

            if (tellEnd)
            {
                to.WriteByte(EndOfTransmission);
                to.Flush();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The guest is gone.
        }
    }

    /// <summary>Input that cannot be read, a directory or a terminal that is gone, is at its end.</summary>
    private static int ReadOrEnd(Stream from, byte[] buffer)
    {
        try
        {
            return from.Read(buffer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Not Console's own stream, which would take the terminal's line editing over from the kernel.</summary>
    private static Stream OpenStandardInput()
    {
        try
        {
            return new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // As in ReadOrEnd.
            return Stream.Null;
        }
    }
}
