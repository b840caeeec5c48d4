using System.Globalization;
using System.Security;
using System.Text;

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>Draws, as SVG, how many times as long as ours each peer takes: bars to the right of a line at 1 on a logarithmic axis; to its left is faster than ours.</summary>
public static class RatioPlot
{
    private const int LabelWidth = 210;
    private const int PlotWidth = 560;
    private const int BarHeight = 9;
    private const int RowGap = 10;
    private const int Top = 40;
    private const int Bottom = 30;
    private const double Least = 0.25;
    private const double Most = 256;
    private static readonly string[] _colours = ["#4472a8", "#c8743a", "#5d8f4f", "#8a5fa8", "#888888"];

    /// <summary>The drawing.</summary>
    /// <param name="rows">A label, and a ratio for each peer; not a number where there is none.</param>
    /// <param name="peers">Their names.</param>
    public static string Draw(IReadOnlyList<(string Label, IReadOnlyList<double> Ratios)> rows, IReadOnlyList<string> peers)
    {
        var rowHeight = BarHeight * peers.Count + RowGap;
        var height = Top + rowHeight * rows.Count + Bottom;
        var svg = new StringBuilder();
        void Add(FormattableString line) => svg.Append(FormattableString.Invariant(line)).Append('\n');
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {LabelWidth + PlotWidth + 50} {height}\" font-family=\"sans-serif\" font-size=\"11\">");
        Add($"<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
        for (var peer = 0; peer < peers.Count; peer++)
        {
            var x = LabelWidth + peer * 110;
            Add($"<rect x=\"{x}\" y=\"10\" width=\"10\" height=\"10\" fill=\"{Colour(peer)}\"/><text x=\"{x + 14}\" y=\"19\">{SecurityElement.Escape(peers[peer])}</text>");
        }

        for (var tick = Least; tick <= Most; tick *= 2)
        {
            var width = tick == 1 ? 2 : 0.5;
            Add($"<line x1=\"{X(tick):0.0}\" x2=\"{X(tick):0.0}\" y1=\"{Top - 8}\" y2=\"{height - Bottom}\" stroke=\"#999999\" stroke-width=\"{width}\"/>");
            Add($"<text x=\"{X(tick):0.0}\" y=\"{height - Bottom + 14}\" text-anchor=\"middle\">{tick.ToString("0.##", CultureInfo.InvariantCulture)}x</text>");
        }

        for (var row = 0; row < rows.Count; row++)
        {
            var y = Top + row * rowHeight;
            Add($"<text x=\"{LabelWidth - 8}\" y=\"{y + rowHeight / 2}\" text-anchor=\"end\">{SecurityElement.Escape(rows[row].Label)}</text>");
            for (var peer = 0; peer < peers.Count; peer++)
            {
                var ratio = rows[row].Ratios[peer];
                if (double.IsNaN(ratio))
                {
                    continue;
                }

                var (from, to) = (Math.Min(X(1), X(ratio)), Math.Max(X(1), X(ratio)));
                var top = y + peer * BarHeight;
                Add($"<rect x=\"{from:0.0}\" y=\"{top}\" width=\"{to - from:0.0}\" height=\"{BarHeight - 1}\" fill=\"{Colour(peer)}\"/>");
                Add($"<text x=\"{Math.Max(to, X(1)) + 3:0.0}\" y=\"{top + BarHeight - 1}\" font-size=\"8\">{ratio:0.0}</text>");
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Colour(int peer) => _colours[peer % _colours.Length];

    private static double X(double ratio) =>
        LabelWidth + PlotWidth * (Math.Log2(Math.Clamp(ratio, Least, Most)) - Math.Log2(Least)) / (Math.Log2(Most) - Math.Log2(Least));
}
