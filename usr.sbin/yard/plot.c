/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A plot is a column for each run with four panels, one below the other over
 * the same time: congestion window, RTT, goodput and queue.  The scenario
 * stands on the right, so that a plot that went elsewhere still says what it
 * shows.
 *
 * plot.gp is complete in itself: `gnuplot plot.gp' in the directory makes
 * the plot again, and it can be edited.  Long runs are thinned to POINTS
 * points a curve.
 *
 * May touch: plot.gp, plot.svg, plot.png; starts gnuplot.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plot.h"
#include "report.h"

#define	PANELS		4
#define	COLUMNS_MAX	4
#define	POINTS		1500		/* of a curve */
#define	KEYS_MAX	12		/* curves that a legend has room for */
#define	TEXT_LINES	64
#define	TEXT_COLUMNS	62

/* Places as shares of the whole. */
#define	LEFT		0.06
#define	RIGHT		0.70		/* of the panels; the text follows */
#define	GAP		0.06		/* between columns */
#define	TOP		0.95
#define	BOTTOM		0.06

static const struct panel {
	const char	*pa_label;
	const char	*pa_flow;	/* what of a flow's file, or NULL */
	const char	*pa_pipe;	/* what of a pipe's file, or NULL */
} panels[PANELS] = {
	{ "cwnd (KB)", "($2/1000)", NULL },
	{ "RTT (ms)", "4", NULL },
	{ "goodput (Mbit/s)", "6", NULL },
	{ "queue (packets)", NULL, "2" },
};

struct plot {
	int		p_columns;
	const char	*p_text;
	const char	*p_title[COLUMNS_MAX];
	int		p_curves[COLUMNS_MAX];	/* flows so far */
	struct text	p_panel[COLUMNS_MAX][PANELS];
	double		p_end;			/* s */
};

struct plot *
plot_new(int columns, const char *text)
{
	struct plot *p;

	p = xcalloc(1, sizeof(*p));
	p->p_columns = columns;
	p->p_text = text;
	return (p);
}

/* Characters as they stand between gnuplot's double quotes. */
static void
quote(struct text *t, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\' || s[i] == '`')
			text_printf(t, "\\%c", s[i]);
		else if (s[i] == '\t')
			text_add(t, "    ", 4);
		else if ((unsigned char)s[i] >= ' ')
			text_add(t, &s[i], 1);
	}
}

static void
curve(struct text *t, const char *file, const char *y, size_t rows,
    const char *color, const char *title)
{

	text_printf(t, "%s \"%s\" every %zu::1 using 1:%s with lines lc %s "
	    "title \"", t->t_len == 0 ? "plot" : ", \\\n    ", file,
	    rows / POINTS + 1, y, color);
	quote(t, title, strlen(title));
	text_printf(t, "\"");
}

static void
add_flow(struct plot *p, int column, const struct flow *fl)
{
	char color[16], file[32], label[96];
	int i;

	snprintf(file, sizeof(file), "flow%zu.csv", fl->fl_index + 1);
	report_label(fl, label, sizeof(label));
	snprintf(color, sizeof(color), "%d", ++p->p_curves[column]);
	if (fl->fl_nsamples == 0)
		return;
	for (i = 0; i < PANELS; i++)
		if (panels[i].pa_flow != NULL)
			curve(&p->p_panel[column][i],
			    sim_file(fl->fl_sim, file), panels[i].pa_flow,
			    fl->fl_nsamples, color, label);
}

/* A queue has the colour of its flow, or one of its own if it has many. */
static void
add_pipe(struct plot *p, int column, const struct sim *si, size_t n)
{
	const struct pipe_watch *pw = &si->si_pipes[n];
	char color[16], file[32];
	int i;

	snprintf(file, sizeof(file), "%s.csv", pw->pw_name);
	if (si->si_nflows == 1)
		snprintf(color, sizeof(color), "%d", p->p_curves[column]);
	else
		snprintf(color, sizeof(color), "rgb \"#%02x%02x%02x\"",
		    (unsigned)(0x40 + n * 0x30) & 0xff, 0x40,
		    (unsigned)(0x40 + n * 0x50) & 0xff);
	for (i = 0; i < PANELS; i++)
		if (panels[i].pa_pipe != NULL)
			curve(&p->p_panel[column][i], sim_file(si, file),
			    panels[i].pa_pipe, si->si_now /
			    si->si_sc->s_sample, color, pw->pw_name);
}

void
plot_add(struct plot *p, int column, const char *title, const struct sim *si)
{
	size_t n;

	p->p_title[column] = title;
	if ((double)si->si_now / 1e9 > p->p_end)
		p->p_end = (double)si->si_now / 1e9;
	for (n = 0; n < si->si_nflows; n++)
		add_flow(p, column, &si->si_flows[n]);
	for (n = 0; n < si->si_npipes; n++)
		add_pipe(p, column, si, n);
}

/* The scenario, in lines that fit. */
static void
write_text(struct text *t, const char *s)
{
	size_t len;
	int n;

	for (n = 0; *s != '\0' && n < TEXT_LINES; n++) {
		len = strcspn(s, "\n");
		if (len > TEXT_COLUMNS)
			len = TEXT_COLUMNS;
		quote(t, s, len);
		text_printf(t, "\\n");
		s += len + (s[len] == '\n');
	}
	if (*s != '\0')
		text_printf(t, "... (the rest is in the .lua file)");
}

static void
write_head(const struct plot *p, struct text *t, bool png)
{

	text_printf(t, "# gnuplot plot.gp\n"
	    "set terminal %s size 1600,1000 font \"sans,12\" noenhanced "
	    "background \"white\"\nset output \"plot.%s\"\n"
	    "set encoding utf8\nset datafile separator \",\"\n"
	    "set multiplot\nset style data lines\nset grid lc rgb \"#dddddd\"\n"
	    "set tics nomirror\nset border 3\nset xrange [0:%g]\n",
	    png ? "pngcairo" : "svg", png ? "png" : "svg",
	    p->p_end > 0 ? p->p_end : 1);
	text_printf(t, "set label 1 \"");
	write_text(t, p->p_text);
	text_printf(t, "\" at screen %g,%g left font \"monospace,9\"\n",
	    RIGHT + 0.02, TOP);
}

static void
write_panel(const struct plot *p, struct text *t, int column, int row)
{
	double height, width;

	width = (RIGHT - LEFT + GAP) / p->p_columns;
	height = (TOP - BOTTOM) / PANELS;
	text_printf(t, "set lmargin at screen %g\nset rmargin at screen %g\n"
	    "set tmargin at screen %g\nset bmargin at screen %g\n",
	    LEFT + column * width, LEFT + (column + 1) * width - GAP,
	    TOP - row * height - 0.01, TOP - (row + 1) * height + 0.02);
	text_printf(t, "set ylabel \"%s\"\nset yrange [0:*]\n",
	    panels[row].pa_label);
	text_printf(t, row == 0 ? "set offsets 0, 0, graph 0.25, 0\n"
	    "set title \"" : "unset title\nunset offsets\n");
	if (row == 0) {
		quote(t, p->p_title[column], strlen(p->p_title[column]));
		text_printf(t, "\"\n");
	}
	text_printf(t, "set xlabel \"%s\"\n",
	    row == PANELS - 1 ? "time (s)" : "");
	text_printf(t, row == 0 && p->p_curves[column] <= KEYS_MAX ?
	    "set key top right opaque\n" : "unset key\n");
	if (p->p_panel[column][row].t_len > 0)
		text_add(t, p->p_panel[column][row].t_s,
		    p->p_panel[column][row].t_len);
	else
		text_printf(t, "plot 0 lc rgb \"white\" notitle");
	text_printf(t, "\n");
	if (column == 0 && row == 0)
		text_printf(t, "unset label 1\n");
}

/* Run gnuplot in dir: its status, or -1 if it is not there. */
static int
run_gnuplot(const char *dir)
{
	int fd, status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == -1)
		return (-1);
	if (pid == 0) {
		fd = open("/dev/null", O_RDWR);
		if (fd != -1) {
			(void)dup2(fd, STDIN_FILENO);
			(void)dup2(fd, STDOUT_FILENO);
			(void)dup2(fd, STDERR_FILENO);
		}
		if (chdir(dir) == 0)
			(void)execlp("gnuplot", "gnuplot", "plot.gp",
			    (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return (-1);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return (-1);
	return (status);
}

void
plot_finish(struct plot *p, struct outdir *out, bool png)
{
	struct text t = { NULL, 0, 0 };
	const char *image;
	FILE *fp;
	int column, row, status;

	write_head(p, &t, png);
	for (column = 0; column < p->p_columns; column++)
		for (row = 0; row < PANELS; row++) {
			write_panel(p, &t, column, row);
			text_free(&p->p_panel[column][row]);
		}
	text_printf(&t, "unset multiplot\n");
	fp = outdir_fopen(out, "plot.gp");
	(void)fwrite(t.t_s, 1, t.t_len, fp);
	outdir_fclose(out, fp);
	text_free(&t);
	free(p);

	image = outdir_path(out, png ? "plot.png" : "plot.svg");
	status = run_gnuplot(outdir_work(out));
	outdir_check();
	if (status == -1)
		warn_line("no gnuplot here, so no plot: plot.gp and the .csv "
		    "files are what it needs");
	else if (status != 0)
		warn_line("gnuplot failed on plot.gp, so there is no plot");
	if (status != 0)
		(void)unlink(image);
}
