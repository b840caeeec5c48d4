using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Troupe.Apps.Benchmark;

/// <summary>
/// Bytes that both ends know: the n-th eight of them, little endian, are SplitMix64 of n (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014). <c>./troupe test net</c>, <c>test kills</c> and <c>bench net</c> move them either way.
/// </summary>
internal static class ByteSequence
{
    private const int Chunk = 64 * 1024;
    private const int Word = sizeof(ulong);

    /// <summary>GET /bytes?count=N: the first N bytes.</summary>
    public static async Task SendAsync(HttpContext context)
    {
        if (!long.TryParse(context.Request.Query["count"], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("GET /bytes?count=N says how many.\n");
            return;
        }

        context.Response.ContentLength = count;
        PipeWriter writer = context.Response.BodyWriter;
        for (long position = 0; position < count;)
        {
            int length = (int)Math.Min(Chunk, count - position);
            Fill(writer.GetSpan(length)[..length], position);
            writer.Advance(length);
            position += length;
            FlushResult flushed = await writer.FlushAsync(context.RequestAborted);
            if (flushed.IsCompleted)
                return;
        }
    }

    /// <summary>PUT /bytes: says how many came, and where the first wrong one is if there is one.</summary>
    public static async Task ReceiveAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        long position = 0;
        long wrong = -1;
        byte[] expected = new byte[Chunk];
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult result = await reader.ReadAsync(context.RequestAborted);
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                for (ReadOnlyMemory<byte> rest = piece; !rest.IsEmpty;)
                {
                    int length = Math.Min(rest.Length, Chunk);
                    Fill(expected.AsSpan(0, length), position);
                    int equal = rest.Span[..length].CommonPrefixLength(expected.AsSpan(0, length));
                    if (equal < length && wrong < 0)
                        wrong = position + equal;
                    position += length;
                    rest = rest[length..];
                }
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }

        string verdict = wrong < 0 ? "all right" : string.Create(CultureInfo.InvariantCulture, $"byte {wrong} is wrong");
        string answer = string.Create(CultureInfo.InvariantCulture, $"{position} bytes, {verdict}\n");
        context.Response.ContentLength = answer.Length;
        await context.Response.WriteAsync(answer);
    }

    /// <summary>Fills from a position.</summary>
    public static void Fill(Span<byte> bytes, long position)
    {
        // The first and last words of a piece may be cut.
        int phase = (int)(position % Word);
        ulong index = (ulong)(position / Word);
        Span<byte> cut = stackalloc byte[Word];
        if (phase != 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(cut, Mix(index++));
            int length = Math.Min(Word - phase, bytes.Length);
            cut.Slice(phase, length).CopyTo(bytes);
            bytes = bytes[length..];
        }

        for (; bytes.Length >= Word; bytes = bytes[Word..])
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, Mix(index++));
        if (bytes.IsEmpty)
            return;
        BinaryPrimitives.WriteUInt64LittleEndian(cut, Mix(index));
        cut[..bytes.Length].CopyTo(bytes);
    }

    /// <summary>SplitMix64 of a number.</summary>
    public static ulong Mix(ulong index)
    {
        unchecked
        {
            ulong mixed = (index + 1) * 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
